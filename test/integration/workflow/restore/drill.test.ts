import { spawnSync } from 'node:child_process'
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { engineFor } from '#cli/wire'
import { diskSpace } from '#core/disk-space'
import { stateFolder } from '#core/paths'
import { silentProgress } from '#core/progress'
import { MIB } from '#core/units'
import { generateIdentity, generateSigningKey, writeIdentity } from '#crypto/key-files'
import type { DrillReport } from '#domain/backup/drill-report'
import type { ConnectOptions } from '#engine/session'
import { drillReportHtml } from '#report/drill-html'
import { drillReportText } from '#report/drill-text'
import { BackupPlace, withServer } from '#test/backed-up'
import { TEST_ENGINES } from '#test/engines'
import { fillOddServer } from '#test/odd-server'
import { makeFolder } from '#test/temporary'
import { type DrillOptions, drillSnapshot } from '#workflow/restore/drill-snapshot'

/** Folders of this process's drills; other test files have theirs beside them. */
async function drillServers(): Promise<string[]> {
  const names = await readdir(join(stateFolder(), 'drill'))
  return names.filter(name => name.startsWith(`${process.pid}-`))
}

describe.each(TEST_ENGINES)('%s', family => {
  let folder: string
  let place: BackupPlace

  beforeAll(async () => {
    folder = await makeFolder()
    // Of its own: another file's drills run at the same time.
    vi.stubEnv('ECOMDB_STATE', join(folder, 'state'))
    place = await BackupPlace.make(join(folder, 'backup'), family)
    await withServer(family, join(folder, 'source'), async (server, engine) => {
      const session = await engine.connect(server.administrator)
      await fillOddServer(session, family)
      await session.close()
      await place.backUp(server)
    })
  })

  afterAll(async () => {
    vi.unstubAllEnvs()
    await rm(folder, { recursive: true, force: true })
  })

  const drill = (changes: Partial<DrillOptions> = {}): Promise<DrillReport> =>
    drillSnapshot(place.drillOptions(changes), silentProgress())

  test('a whole snapshot is proved, attested, and leaves nothing behind', async () => {
    const report = await drill()
    expect(report.checks.filter(({ outcome }) => outcome !== 'passed')).toEqual([
      ...(family === 'mariadb' ? [expect.objectContaining({ name: 'history' })] : []),
      expect.objectContaining({ name: 'letters', outcome: 'unchecked' }),
      // On a view that is broken on the source.
      expect.objectContaining({
        name: 'grants',
        summary: expect.stringContaining('invalid_since'),
      }),
    ])
    expect(report.outcome).toBe('passed')
    expect(report.checks.find(({ name }) => name === 'answers')?.summary).toMatch(
      /`second`.`too_many` opens, and its rows make the server refuse: .*more than 1 row/,
    )
    expect(drillReportText(report)).toMatch(/proved: \d+ rows, \d+ objects, RTO \d/)
    const { attestations } = await (await place.access()).repository.listAttestations(
      place.config.trustedSigners,
      report.snapshotId,
    )
    expect(attestations.map(({ kind, outcome }) => [kind, outcome])).toEqual([['drill', 'passed']])
    expect(attestations[0]?.attestationId).toBe(report.attestationId)
    expect(await drillServers()).toEqual([])
  })

  test('every kind of difference fails the drill, by name', async () => {
    const report = await drill({
      onRestored: async connect => {
        const session = await (await engineFor(family)).connect(connect)
        for (const { sql } of MEDDLING) await session.run(sql)
        await session.close()
      },
    })
    expect(report.outcome).toBe('failed')
    for (const { sql, check, found } of MEDDLING) {
      const looked = report.checks.find(({ name }) => name === check)
      expect(looked?.outcome, sql).toBe('failed')
      expect(looked?.differences.join('\n'), sql).toContain(found)
    }
    expect(report.checks.find(({ name }) => name === 'routines')?.outcome).toBe('failed')
    expect(drillReportText(report)).toContain('NOT PROVED: rows, content, definitions')
    expect(drillReportHtml(report)).toContain('was defined otherwise')
  })

  test('a full disk here is no finding about the snapshot', async context => {
    const disk = join(stateFolder(), 'drill')
    const mount = (options: string) =>
      spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', disk]).status === 0
    await mkdir(disk, { recursive: true })
    if (!mount('size=3g')) return context.skip('needs root to mount a small tmpfs')
    const fill = async (connect: ConnectOptions): Promise<void> => {
      const { totalBytes, freeBytes } = await diskSpace(disk)
      mount(`remount,size=${totalBytes - freeBytes + 3 * MIB}`)
      const session = await (await engineFor(family)).connect(connect)
      try {
        // Aria waits for room for ever, InnoDB refuses.
        const of = family === 'mariadb' ? 'Aria' : 'InnoDB'
        await session.run(`CREATE TABLE mysql.large (v LONGTEXT) ENGINE = ${of}`)
        const rows = Array.from({ length: 16 }, () => "(REPEAT('x', 1048576))").join()
        await session.run(`INSERT INTO mysql.large VALUES ${rows}`)
      } finally {
        await session.close().catch(() => {})
      }
    }
    const proofs = async () =>
      (await (await place.access()).repository.listAttestations(place.config.trustedSigners))
        .attestations.length
    const before = await proofs()
    try {
      await expect(drill({ onRestored: fill })).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
      expect(await proofs()).toBe(before)
      expect(await drillServers()).toEqual([])
    } finally {
      spawnSync('umount', ['--lazy', disk])
    }
  })

  test('one changed byte of one object fails the drill, and names the object', async () => {
    const envelope = await (await place.access()).repository.readEnvelope(
      'latest',
      place.config.trustedSigners,
    )
    const object = envelope.objects.toSorted((a, b) => b.bytes - a.bytes)[0]?.path ?? ''
    const file = join(place.path, object)
    const bytes = await readFile(file)
    await chmod(file, 0o600)
    try {
      const wrong = Buffer.from(bytes)
      wrong[wrong.length >> 1] = (wrong[wrong.length >> 1] ?? 0) ^ 1
      await writeFile(file, wrong)
      const report = await drill()
      expect(report.outcome).toBe('failed')
      expect(report.checks.flatMap(({ differences }) => differences).join()).toContain(object)
      const { attestations } = await (await place.access()).repository.listAttestations(
        place.config.trustedSigners,
      )
      expect(attestations.at(-1)?.damaged.map(({ path }) => path)).toEqual([object])
    } finally {
      await writeFile(file, bytes)
    }
  })

  test('a snapshot that nobody trusted has signed is not even opened', async () => {
    const keys = { ...place.config, trustedSigners: [generateSigningKey().signer] }
    await expect(drill({ keys })).rejects.toMatchObject({ code: 'SIGNATURE_INVALID' })
    expect(await drillServers()).toEqual([])
  })

  test('another identity does not open it', async () => {
    const stranger = join(folder, 'stranger.txt')
    await writeIdentity(stranger, await generateIdentity(), new Date())
    const keys = { ...place.config, identityFiles: [stranger] }
    await expect(drill({ keys })).rejects.toMatchObject({ code: 'WRONG_IDENTITY', exitCode: 12 })
  })

  test('an objective that is missed is told, of a drill that passed', async () => {
    const report = await drill({ objectives: { rtoMs: 1, rpoMs: 86_400_000 } })
    expect(report.outcome).toBe('passed')
    expect(report.missed).toEqual([expect.stringContaining('RTO')])
  })
})

const DB = '`odd ``db" 名`'

/** What happens to the restored server before it is read back, and which check must find it. */
const MEDDLING = [
  ['SET SESSION foreign_key_checks = 0', 'rows', 'were backed up'],
  [`UPDATE ${DB}.computed SET hidden = 10 WHERE id = 1`, 'content', '`computed`, chunk 1 of 1'],
  [`DELETE FROM ${DB}.keyless WHERE b = 'a' LIMIT 1`, 'rows', '5 rows were backed up and 4 are'],
  [`UPDATE ${DB}.numbers SET f = 123456.796875 WHERE id < -1`, 'content', '`numbers`, chunk 1 of'],
  [`UPDATE ${DB}.members SET e = 1 WHERE id = 2`, 'content', '`members`'],
  [`UPDATE ${DB}.parted SET t = 'b '`, 'content', '`parted`'],
  ['UPDATE second.orders SET created_at = NOW()', 'probes', 'second.monthly_volume'],
  ['DROP VIEW second.across', 'views', 'view `second`.`across` is missing'],
  [`DROP FUNCTION ${DB}.twice`, 'answers', '`z_base` does not answer'],
  [`DROP TRIGGER ${DB}.a_second`, 'triggers', '`a_second` is missing'],
  [`ALTER TABLE ${DB}.counters DROP KEY z`, 'definitions', '`counters` was defined otherwise'],
  [`ALTER TABLE ${DB}.zero_id AUTO_INCREMENT = 1001`, 'definitions', '`zero_id`'],
  ['CREATE TABLE second.more (a INT)', 'definitions', '`more` was not in the snapshot'],
  ['ALTER DATABASE second CHARACTER SET ascii', 'definitions', 'database `second`'],
  [`ALTER EVENT ${DB}.\`e ENABLE DO\` ENABLE`, 'events', 'e ENABLE DO'],
  ["GRANT SELECT ON second.* TO 'ecomdb_backup'@'localhost'", 'accounts', 'it had not: GRANT SEL'],
  ["ALTER USER 'ecomdb_definer'@'localhost' IDENTIFIED BY 'X3'", 'accounts', 'another definition'],
].map(([sql = '', check = '', found = '']) => ({ sql, check, found }))
