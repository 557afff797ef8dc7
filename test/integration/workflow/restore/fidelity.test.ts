import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { systemClock } from '#core/clock'
import { silentProgress } from '#core/progress'
import { quoteIdentifier } from '#engine/quote'
import type { Session } from '#engine/session'
import { BackupPlace, withServer } from '#test/backed-up'
import { TEST_ENGINES } from '#test/engines'
import { FAR, fillOddServer, ODD_DATABASE } from '#test/odd-server'
import { serverValues } from '#test/server-values'
import { withFolder } from '#test/temporary'
import { restoreSnapshot } from '#workflow/restore/restore-snapshot'

afterEach(() => {
  vi.unstubAllEnvs()
})

// One server is backed up and restored twice: the slow part is making servers, and more than a
// minute of it on a busy machine.
test.each(TEST_ENGINES)('%s: every value comes back, compared in the server', async family => {
  await withFolder(async folder => {
    vi.stubEnv('ECOMDB_STATE', join(folder, 'state'))
    const place = await BackupPlace.make(join(folder, 'backup'), family)
    const before = await withServer(family, join(folder, 'source'), async (server, engine) => {
      const session = await engine.connect(server.administrator)
      await fillOddServer(session, family)
      // Names without backticks would come back as other names, or as keywords.
      await session.run('SET GLOBAL sql_quote_show_create = OFF')
      const { findings } = await place.report(server)
      expect(findings.filter(one => one.includes('bytes or letters'))).toEqual([
        expect.stringContaining('procedure second.no_text has'),
      ])
      const values = { ...(await serverValues(session)), ...(await definitions(session)) }
      await session.close()
      return values
    })
    for (const method of ['infile', 'insert'] as const) {
      const serverOptions = method === 'insert' ? ['--local-infile=OFF'] : []
      const target = join(folder, method)
      await withServer(
        family,
        target,
        async (server, engine) => {
          const session = await engine.connect(server.administrator)
          await session.run('SET GLOBAL sql_quote_show_create = OFF')
          if (method === 'insert') await session.run(OTHER_SERVER)
          const report = await restoreSnapshot(
            { ...RESTORE, confirm: ODD_DATABASE },
            await place.access(),
            { engine, connect: server.administrator },
            systemClock,
            silentProgress(),
          )
          expect(report.method).toBe(method)
          const others = report.outcome?.checks.filter(({ outcome }) => outcome !== 'passed')
          const letters = {
            name: 'letters',
            summary: expect.stringMatching(/: procedure `second`\.`no_text`$/),
          }
          const history = {
            name: 'history',
            summary: expect.stringMatching(/drops all of them: `odd `db" 名`\.`history_parted`$/),
          }
          const told = [...(family === 'mariadb' ? [history] : []), letters]
          const grants = { name: 'grants', summary: expect.stringContaining('`invalid_since`') }
          const expected = [...told, ...(method === 'insert' ? [{ name: 'server' }] : []), grants]
          expect(others).toEqual(expected.map(one => expect.objectContaining(one)))
          if (method === 'insert') {
            expect(report.findings.join()).toContain('not on this server as they were: server far')
            expect(report.plan.map(({ sql }) => sql).join()).toContain("PASSWORD '********'")
            await session.run('DROP SERVER far')
            await session.run(FAR)
          }
          const values = { ...(await serverValues(session)), ...(await definitions(session)) }
          expect(values).toEqual(before)
          await session.close()
        },
        serverOptions,
      )
    }
  })
})

/** What definitions mean, asked of the server: its text of them may hide a difference. */
async function definitions(session: Session): Promise<Record<string, unknown>> {
  const odd = quoteIdentifier(ODD_DATABASE)
  await session.run(`INSERT INTO ${odd}.defaults (id, t) VALUES (1, 'a')`)
  const made = await session.rows(`SELECT HEX(b), HEX(c), HEX(g) FROM ${odd}.defaults`)
  const refused = await session.run(`INSERT INTO ${odd}.defaults (id, t) VALUES (2, '🐻')`).then(
    () => false,
    () => true,
  )
  await session.run(`DELETE FROM ${odd}.defaults`)
  const ofLatin1: unknown[] = []
  for (const program of ['FUNCTION `fé', 'PROCEDURE `pé', 'VIEW `vé', 'TRIGGER `gé', 'EVENT `yé']) {
    const [row] = await session.rows(`SHOW CREATE ${program.replace(' ', ' second.')}\``)
    const { Created: _when, ...shown } = row ?? {}
    ofLatin1.push(shown)
  }
  return {
    made,
    ofSjis: await session.rows('SELECT second.`ふ表`(), h FROM second.`ビ表`'),
    ofLatin1,
    definers: await session.rows(
      `SELECT 'routine', ROUTINE_NAME AS name, DEFINER, ROUTINE_COMMENT, DTD_IDENTIFIER FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ?
        UNION ALL SELECT 'event', EVENT_NAME, DEFINER, EVENT_COMMENT, '' FROM information_schema.EVENTS
        UNION ALL SELECT 'trigger', TRIGGER_NAME, DEFINER, '', EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ?
        ORDER BY 1, 2`,
      ['second', 'second'],
    ),
    refused,
    statistics: await statistics(session),
    servers: await session.rows('SELECT * FROM mysql.servers'),
    remembers: await session.value(`SELECT ${odd}.remembers()`),
  }
}

/** What the optimizer knows of values by ANALYZE TABLE. */
async function statistics(session: Session): Promise<unknown[]> {
  const list =
    session.flavor.family === 'mysql'
      ? [
          `SELECT SCHEMA_NAME, TABLE_NAME, COLUMN_NAME, JSON_REMOVE(HISTOGRAM, '$."last-updated"') AS h
             FROM information_schema.COLUMN_STATISTICS ORDER BY 1, 2, 3`,
        ]
      : ['table', 'column', 'index'].map(of => `SELECT * FROM mysql.${of}_stats ORDER BY 1, 2, 3`)
  const found = await Promise.all(list.map(sql => session.rows(sql)))
  expect(found.map(({ length }) => length > 0)).not.toContain(false)
  return found
}

const OTHER_SERVER = FAR.replace('3307', '3308')

const RESTORE = {
  snapshot: 'latest',
  dryRun: false,
  startOver: false,
  binlog: true,
  services: [],
  connections: 2,
}
