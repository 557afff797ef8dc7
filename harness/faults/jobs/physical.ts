import { join } from 'node:path'
import { silentProgress } from '#core/progress'
import { backUpPhysically } from '#workflow/backup/back-up-physically'
import type { Case } from '../case.ts'
import { type Content, contentOf, requireOnFiles } from '../content.ts'
import type { Job } from '../job.ts'
import { keepOldEngine, recoverBackup, requireSnapshots } from './logical.ts'

const BACK_UP = ['backup', 'physical'] as const
const INCREMENT = ['backup', 'physical', '--incremental', 'latest'] as const

const STAGES = [
  'opening the repository',
  'copying, compressing, encrypting and storing files',
  'committing',
]

const MORE = {
  mysql: ['cloning', 'starting a private server on the clone'],
  mariadb: ['waiting for the end of mariadb-backup'],
}

export const backupPhysical: Job = {
  name: 'backup physical',
  stages: STAGES,
  more: MORE,
  lastsMs: 4000,
  server: 'source',
  writes: 'repository',
  roomKib: 9000,
  prepare: one => keepOldEngine(one, 'InnoDB'),
  args: async () => BACK_UP,
  byClock: (one, clock) => byClock(one, clock, null),
  claims: one => requireSnapshots(one, 2),
  recover: one => recoverFiles(one, BACK_UP, 1),
}

export const backupIncremental: Job = {
  name: 'backup physical --incremental',
  on: 'mariadb',
  stages: STAGES,
  more: MORE,
  lastsMs: 3000,
  server: 'source',
  writes: 'repository',
  roomKib: 800,
  async prepare(one) {
    await keepOldEngine(one, 'InnoDB')
    await withPhysical(one)
    await one.place.run(
      one.place.source,
      'UPDATE shop.noise SET n = n + 1 WHERE id % 50 = 0',
      'UPDATE shop.keyless SET n = n + 1 LIMIT 20',
    )
  },
  args: async () => INCREMENT,
  byClock: (one, clock) => byClock(one, clock, 'latest'),
  claims: one => requireSnapshots(one, 3),
  recover: one => recoverFiles(one, INCREMENT, 2),
}

export const restoreFiles: Job = {
  name: 'restore --data-dir',
  stages: [
    'opening the snapshot',
    'reading, decrypting and writing files',
    'applying the log',
    'checking pages',
  ],
  lastsMs: 3000,
  server: null,
  writes: 'repository',
  roomKib: 0,
  async prepare(one) {
    await keepOldEngine(one, 'InnoDB')
    CONTENT.set(one, await withPhysical(one))
  },
  args: async one => restoreArgs(one),
  claims: requireServer,
  async recover(one) {
    // What a killed run leaves is in the way of the next one, and says so.
    const refused = await one.ecomdb(...restoreArgs(one))
    const isThere = refused.status === 2 && refused.stderr.includes('TARGET_NOT_EMPTY')
    // Of two at once one is whole: that it is so the server says.
    const inTheWay = isThere && refused.stderr.includes('a restore that was cut off')
    if (refused.status !== 0 && !isThere) {
      throw new Error(`run again: exit ${refused.status}\n${refused.stderr}`)
    }
    if (inTheWay) await one.succeeds(...restoreArgs(one), '--resume')
    await requireServer(one)
    const found = inTheWay ? 'continued: what was half there' : 'what was whole'
    return `${isThere ? `${found} was in the way` : 'run again'}; every value is that of the source`
  },
}

const dataOf = (one: Case): string => join(one.folder, 'restored/data')
const restoreArgs = (one: Case): string[] => ['restore', 'latest', '--data-dir', dataOf(one)]

/** What the source held when the snapshot was made. */
const CONTENT = new WeakMap<Case, Content>()

async function withPhysical(one: Case): Promise<Content> {
  // What another case has purged of the log tells no more of a copy that was made before.
  const first = await one.place.withSession(one.place.source, async session => {
    const [oldest] = await session.rows('SHOW BINARY LOGS')
    return String(oldest?.['Log_name'])
  })
  return await one.from(`with a physical one, of a log from ${first}`, async () => {
    await one.succeeds(...BACK_UP)
    return await contentOf(one.place, one.place.source)
  })
}

/** A server on the files has every row and definition that the source had. */
async function requireServer(one: Case): Promise<void> {
  const expected = CONTENT.get(one)
  if (!expected) throw new Error('the job was not prepared')
  await requireOnFiles(one, dataOf(one), expected, 'restored')
}

/**
 * As any backup; and each that was made here, also the one that was to be cut short, comes back
 * with what the source holds: nobody has written since.
 */
async function recoverFiles(one: Case, args: readonly string[], known: number): Promise<string> {
  const seen = await recoverBackup(one, args)
  const expected = await contentOf(one.place, one.place.source)
  const made = (await one.snapshots()).slice(known)
  for (const snapshot of made) {
    await one.succeeds('restore', snapshot, '--data-dir', dataOf(one))
    await requireOnFiles(one, dataOf(one), expected, `restored ${snapshot}`)
  }
  return `${seen}; ${made.length} restored as files, every value is that of the source`
}

async function byClock(
  one: Case,
  clock: Parameters<NonNullable<Job['byClock']>>[1],
  base: string | null,
): Promise<void> {
  const { engine, source, backup } = one.place
  await backUpPhysically(
    {
      ...{ engine, connect: source.administrator, target: await one.target() },
      ...{ keys: backup.config, base, cloneFolder: undefined, clock },
    },
    silentProgress(),
  )
}
