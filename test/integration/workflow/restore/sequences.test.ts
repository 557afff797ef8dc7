import { join } from 'node:path'
import { expect, test } from 'vitest'
import { silentProgress } from '#core/progress'
import type { Session } from '#engine/session'
import { withServer } from '#test/backed-up'
import { TEST_ENGINES } from '#test/engines'
import { withBackups } from '#test/with-backups'
import { drillSnapshot } from '#workflow/restore/drill-snapshot'

/** Each a sequence: how it is made, and what was done with it. */
const SEQUENCES: readonly (readonly [options: string, ...then: string[]])[] = [
  ['START WITH 7', 'ALTER SEQUENCE # RESTART 3'],
  ['START WITH 7', 'ALTER SEQUENCE # START WITH 100'],
  ['START WITH 7 INCREMENT BY -1 MINVALUE -10 MAXVALUE 100', 'ALTER SEQUENCE # RESTART 50'],
  ['START WITH -9223372036854775806 INCREMENT BY -1', 'SELECT NEXTVAL(#)'],
  ['START WITH 9223372036854775805', 'SELECT NEXTVAL(#), NEXTVAL(#)'],
  ['MAXVALUE 3 NOCACHE', 'SELECT NEXTVAL(#), NEXTVAL(#), NEXTVAL(#)'],
  ['START WITH 3 MAXVALUE 4 CYCLE NOCACHE', 'SELECT NEXTVAL(#), NEXTVAL(#), NEXTVAL(#)'],
  ['START WITH 5 INCREMENT BY 0', 'ALTER SEQUENCE # RESTART 4'],
  ["START WITH 9 ENGINE=Aria COMMENT='it''s'", 'ALTER SEQUENCE # RESTART 2'],
]

test.runIf(TEST_ENGINES.includes('mariadb')).each(['mariadb'] as const)(
  '%s: sequences go on where they were, also before their start and at their end',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      const before = await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        await session.run('CREATE DATABASE shop')
        await session.run('USE shop')
        for (const [at, [options, ...then]] of SEQUENCES.entries()) {
          await session.run(`CREATE SEQUENCE s${at} ${options}`)
          for (const sql of then) await session.rows(sql.replaceAll('#', `s${at}`))
        }
        expect((await place.report(server)).findings).toEqual([])
        const states = await statesOf(session)
        await session.close()
        return states
      })
      expect((await drillSnapshot(place.drillOptions(), silentProgress())).outcome).toBe('passed')
      await withServer(family, join(folder, 'target'), async (server, engine) => {
        await place.restore(server)
        const beside = { databases: ['shop'], into: 'copy', confirm: 'copy' }
        await place.restore(server, beside)
        const session = await engine.connect(server.administrator)
        for (const database of ['shop', 'copy']) {
          await session.run(`USE ${database}`)
          expect(await statesOf(session)).toEqual(before)
        }
        await session.close()
      })
    })
  },
)

/** The row of each, and its next two numbers. */
async function statesOf(session: Session): Promise<unknown[]> {
  const states: unknown[] = []
  for (const at of SEQUENCES.keys()) {
    states.push(await session.rows(`SELECT * FROM s${at}`))
    for (const _ of [1, 2]) {
      const next = session.rows(`SELECT NEXTVAL(s${at}) AS n`)
      states.push(await next.catch((error: Error) => error.message.replace(/^.*'\w+\./, '')))
    }
  }
  expect(states.join()).toMatch(/has run out/)
  return states
}
