import { silentProgress } from '#core/progress'
import { MIB } from '#core/units'
import { archiveBinlog } from '#workflow/binlog/archive-binlog'
import type { Case } from '../case.ts'
import type { Job } from '../job.ts'
import { emptyTarget, keepOldEngine, requireSameValues } from './logical.ts'

export const ARCHIVE = ['backup', 'binlog', '--once', '--segment-mib', '1'] as const

/** Some transactions of every kind, over the ends of some files. */
export const CHANGES = [
  'USE shop',
  'INSERT INTO noise (n, b) SELECT n, RANDOM_BYTES(1000) FROM noise ORDER BY id DESC LIMIT 400',
  'DELETE FROM noise ORDER BY id LIMIT 400',
  'CREATE TABLE passing (id INT PRIMARY KEY, t TEXT)',
  "INSERT INTO passing VALUES (1, 'é🐻'), (2, NULL)",
  'UPDATE keyless SET n = n + 1 WHERE n % 7 = 0',
  'DROP TABLE passing',
  'INSERT INTO noise (n, b) SELECT n, RANDOM_BYTES(1000) FROM noise ORDER BY id DESC LIMIT 400',
  'DELETE FROM noise ORDER BY id LIMIT 400',
  "UPDATE products SET price = price + 1, name = CONCAT(name, '!') WHERE id = 1",
  "UPDATE products SET name = 'bear' WHERE id = 1",
]

/**
 * The archive of a binary log. The proof: a restore to the very last transaction, by the
 * snapshot and all segments, has every value that the source has.
 */
export const backupBinlog: Job = {
  name: 'backup binlog',
  stages: ['opening the repository', 'finding where the archive ends', 'archiving the binary log'],
  lastsMs: 2000,
  server: 'source',
  writes: 'repository',
  roomKib: 1500,
  async prepare(one) {
    await keepOldEngine(one)
    await forgetLog(one)
    // A part of the databases is no beginning for a replay.
    await one.backUp({ databases: null })
    await one.place.run(one.place.source, ...CHANGES)
  },
  args: async () => ARCHIVE,
  async byClock(one, clock) {
    const { engine, source, backup } = one.place
    await archiveBinlog(
      {
        ...{ engine, connect: source.administrator, target: await one.target() },
        ...{ keys: backup.config, once: true, segmentMs: 1000, segmentBytes: MIB, clock },
      },
      silentProgress(),
    )
    await one.place.run(source, ...CHANGES)
  },
  claims: replays,
  async recover(one) {
    await one.place.run(one.place.source, ...CHANGES)
    await one.succeeds(...ARCHIVE)
    await replays(one)
    return `replayed to the last transaction, every value is that of the source; ${await one.prove()}`
  },
}

/** What earlier cases have written is no business of this one. */
export async function forgetLog({ place }: Case): Promise<void> {
  await place.withSession(place.source, async session => {
    await session.run('FLUSH BINARY LOGS')
    const files = await session.rows('SHOW BINARY LOGS')
    await session.run(`PURGE BINARY LOGS TO '${files.at(-1)?.['Log_name']}'`)
  })
}

async function replays(one: Case): Promise<void> {
  const { place } = one
  const set = place.family === 'mysql' ? '@@gtid_executed' : '@@gtid_binlog_pos'
  const all = await place.withSession(place.source, session => session.value(`SELECT ${set}`))
  await emptyTarget(one)
  const { socketPath } = await place.target()
  const gtids = String(all).replaceAll('\n', '')
  await one.succeeds('restore', '--gtid', gtids, '--confirm', 'shop', '--socket', socketPath)
  await requireSameValues(one, 'replayed')
  await emptyTarget(one)
}
