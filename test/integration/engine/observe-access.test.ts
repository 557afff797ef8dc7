import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { effectiveRights } from '#domain/access/effective'
import { roleAccount } from '#domain/access/observed'
import { rightText } from '#domain/access/right'
import type { EngineFamily } from '#domain/engine-family'
import { TEST_ENGINES } from '#test/engines'
import { withDatabase } from '#test/servers'

describe.each(TEST_ENGINES)('%s: who may what, from the catalogue', family => {
  test('every place that a privilege can be held on is read', async () => {
    await withDatabase(family, async ({ engine, session, database }) => {
      const id = randomBytes(4).toString('hex')
      const [user, role] = [`u_${id}`, `r_${id}`]
      try {
        for (const sql of statements(family, user, role, database)) await session.run(sql)
        const observed = await engine.accessCatalog.observe(session)
        const find = (name: string) => observed.principals.find(each => each.account.user === name)
        const own = find(user)
        expect(own?.rights.map(rightText).sort()).toEqual(
          [
            `CREATE VIEW ON ${database}.*`,
            `EXECUTE ON PROCEDURE ${database}.p`,
            `GRANT OPTION ON ${database}.t`,
            `INSERT ON ${database}.t`,
            'PROCESS ON *.*',
            'PROXY ON nobody@localhost',
            `SELECT (a) ON ${database}.t`,
            family === 'mysql' ? 'CONNECTION_ADMIN ON *.*' : 'CONNECTION ADMIN ON *.*',
          ].sort(),
        )
        expect(own).toMatchObject({
          kind: 'account',
          locked: true,
          tls: 'ANY',
          maxConnections: 3,
          roles: [{ role: roleAccount(family, role), admin: false }],
          defaultRoles: [roleAccount(family, role)],
        })
        expect(find(role)).toMatchObject({ kind: 'role', account: roleAccount(family, role) })
        const held = effectiveRights(observed, { user, host: 'localhost' })
        expect(held.filter(({ by }) => by === 'role').map(({ right }) => rightText(right))).toEqual(
          [`SELECT ON ${database}.v`],
        )
        expect(observed.objects.filter(({ schema }) => schema === database)).toEqual(
          expect.arrayContaining([
            { schema: database, name: 't', kind: 'table', definer: null, security: null },
            expect.objectContaining({ name: 'v', kind: 'view', security: 'INVOKER' }),
            expect.objectContaining({ name: 'p', kind: 'procedure', definer: 'root@localhost' }),
          ]),
        )
      } finally {
        await session.run(`DROP USER IF EXISTS '${user}'@'localhost'`)
        await session.run(`DROP ROLE IF EXISTS '${role}'`)
      }
    })
  })
})

function statements(family: EngineFamily, user: string, role: string, database: string): string[] {
  const name = `'${user}'@'localhost'`
  const admin = family === 'mysql' ? 'CONNECTION_ADMIN' : 'CONNECTION ADMIN'
  return [
    'CREATE TABLE t (a INT, b INT)',
    'CREATE SQL SECURITY INVOKER VIEW v AS SELECT a FROM t',
    'CREATE PROCEDURE p() SELECT 1',
    `CREATE USER ${name} IDENTIFIED BY 'Some-word-1' REQUIRE SSL WITH MAX_USER_CONNECTIONS 3 ACCOUNT LOCK`,
    `CREATE ROLE '${role}'`,
    `GRANT SELECT ON v TO '${role}'`,
    `GRANT '${role}' TO ${name}`,
    family === 'mysql'
      ? `ALTER USER ${name} DEFAULT ROLE '${role}'`
      : `SET DEFAULT ROLE '${role}' FOR ${name}`,
    `GRANT PROCESS, ${admin} ON *.* TO ${name}`,
    `GRANT CREATE VIEW ON \`${database}\`.* TO ${name}`,
    `GRANT INSERT ON t TO ${name} WITH GRANT OPTION`,
    `GRANT SELECT (a) ON t TO ${name}`,
    `GRANT EXECUTE ON PROCEDURE p TO ${name}`,
    `GRANT PROXY ON nobody@localhost TO ${name}`,
  ]
}
