import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engineFor } from '#cli/wire'
import { stateFolder } from '#core/paths'
import { silentProgress } from '#core/progress'
import { generateSigningKey } from '#crypto/key-files'
import type { DrillReport } from '#domain/backup/drill-report'
import { drillReportHtml } from '#report/drill-html'
import { drillReportText } from '#report/drill-text'
import { BackupPlace, withServer } from '#test/backed-up'
import { TEST_ENGINES } from '#test/engines'
import { fillOddServer } from '#test/odd-server'
import { makeFolder } from '#test/temporary'
import { type DrillOptions, drillSnapshot } from '#workflow/restore/drill-snapshot'

describe.each(TEST_ENGINES)('%s', family => {
  let folder: string
  let place: BackupPlace

  beforeAll(async () => {
    folder = await makeFolder()
    place = await BackupPlace.make(join(folder, 'backup'), family)
    await withServer(family, join(folder, 'source'), async (server, engine) => {
      const session = await engine.connect(server.administrator)
      await fillOddServer(session, family)
      await session.close()
      await place.backUp(server)
    })
  })

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true })
  })

  const drill = (changes: Partial<DrillOptions> = {}): Promise<DrillReport> =>
    drillSnapshot(place.drillOptions(changes), silentProgress())

  /** Runs a statement on the restored server before it is read back. */
  const meddling =
    (sql: string): NonNullable<DrillOptions['onRestored']> =>
    async connect => {
      const session = await (await engineFor(family)).connect(connect)
      await session.run('SET SESSION foreign_key_checks = 0')
      for (const statement of sql.split(';')) await session.run(statement)
      await session.close()
    }

  test('a whole snapshot is proved, attested, and leaves nothing behind', async () => {
    const report = await drill()
    expect(report.checks.filter(({ outcome }) => outcome !== 'passed')).toEqual([])
    expect(report.outcome).toBe('passed')
    expect(drillReportText(report)).toMatch(/proved: \d+ rows, \d+ objects, RTO \d/)
    const { attestations } = await (await place.access()).repository.listAttestations(
      place.config.trustedSigners,
      report.snapshotId,
    )
    expect(attestations.map(({ kind, outcome }) => [kind, outcome])).toEqual([['drill', 'passed']])
    expect(attestations[0]?.attestationId).toBe(report.attestationId)
    expect(await readdir(join(stateFolder(), 'drill'))).toEqual([])
  })

  const DB = '`odd ``db" 名`'

  test.each([
    [
      'a row that changed',
      `UPDATE ${DB}.numbers SET t = 5 WHERE id = 7`,
      'content',
      '`numbers`, chunk 1 of',
    ],
    [
      'a row that is gone',
      `DELETE FROM ${DB}.keyless WHERE b = 'a' LIMIT 1`,
      'rows',
      '5 rows were backed up and 4 are here',
    ],
    [
      'two rows of a table without a key that swapped a value',
      `UPDATE ${DB}.keyless SET a = 3 WHERE b = 'é'`,
      'content',
      '`keyless`',
    ],
    [
      'a float in its last bit',
      `UPDATE ${DB}.numbers SET f = 123456.796875 WHERE id < -1`,
      'content',
      '`numbers`',
    ],
    [
      'a view that is gone',
      'DROP VIEW second.across',
      'views',
      'view `second`.`across` is missing',
    ],
    ['a view that no longer answers', `DROP FUNCTION ${DB}.twice`, 'answers', '`z_base`'],
    ['a trigger that is gone', `DROP TRIGGER ${DB}.a_second`, 'triggers', '`a_second` is missing'],
    [
      'an index that is gone',
      `ALTER TABLE ${DB}.counters DROP KEY z`,
      'definitions',
      '`counters` was defined otherwise',
    ],
    [
      'a counter that moved',
      `ALTER TABLE ${DB}.counters AUTO_INCREMENT = 1001`,
      'definitions',
      '`counters`',
    ],
    [
      'a table that was not there',
      'CREATE TABLE second.more (a INT)',
      'definitions',
      '`more` was not in the snapshot',
    ],
    ['an event that runs', `ALTER EVENT ${DB}.\`e ENABLE DO\` ENABLE`, 'events', 'e ENABLE DO'],
    [
      'a grant too many',
      "GRANT SELECT ON second.* TO 'ecomdb_backup'@'localhost'",
      'accounts',
      "'ecomdb_backup'@'localhost' has what it had not",
    ],
    [
      'another password',
      "ALTER USER 'ecomdb_backup'@'localhost' IDENTIFIED BY 'Other3'",
      'accounts',
      'has another definition',
    ],
  ])('fails on %s', async (_what, sql, check, text) => {
    const report = await drill({ onRestored: meddling(sql) })
    expect(report.outcome).toBe('failed')
    const failed = report.checks.filter(({ outcome }) => outcome === 'failed')
    expect(failed.map(({ name }) => name)).toContain(check)
    expect(failed.flatMap(({ differences }) => differences).join('\n')).toContain(text)
    expect(drillReportHtml(report)).toContain('Failed')
    expect(drillReportText(report)).toContain('NOT PROVED')
  })
})
