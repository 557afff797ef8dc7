import { join } from 'node:path'
import { expect, test } from 'vitest'
import { withServer } from '#test/backed-up'
import { TEST_ENGINES } from '#test/engines'
import { withBackups } from '#test/with-backups'

const SHOP = { databases: ['shop'] }
const FUNCTION = 'RETURNS INT READS SQL DATA RETURN (SELECT COUNT(*) FROM shop.t)'

test.each(TEST_ENGINES)(
  '%s: views whose definer is there with other rights are told before anything is made',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        for (const sql of [
          'CREATE DATABASE shop',
          'CREATE TABLE shop.t (id INT PRIMARY KEY)',
          'CREATE TABLE shop.gone (id INT PRIMARY KEY)',
          'INSERT INTO shop.t VALUES (1)',
          "CREATE USER web@'%'",
          "CREATE USER caller@'%'",
          "GRANT SELECT, EXECUTE ON shop.* TO web@'%'",
          "GRANT SELECT ON shop.t TO caller@'%'",
          "CREATE DEFINER = web@'%' VIEW shop.v AS SELECT id FROM shop.t",
          'CREATE VIEW shop.w AS SELECT id FROM shop.v',
          `CREATE DEFINER = web@'%' FUNCTION shop.f() ${FUNCTION}`,
          'CREATE VIEW shop.x AS SELECT shop.f() AS n',
          "CREATE DEFINER = caller@'%' SQL SECURITY INVOKER VIEW shop.y AS SELECT id FROM shop.t",
          'CREATE DATABASE late',
          'CREATE TABLE late.t (id INT PRIMARY KEY)',
          "GRANT SELECT, EXECUTE ON late.* TO web@'%'",
          `CREATE DEFINER = web@'%' FUNCTION late.f() ${FUNCTION.replace('shop', 'late')}`,
          'CREATE VIEW late.x AS SELECT late.f() AS n',
          // Invalid where it comes from: the server may refuse it, as ever.
          "CREATE DEFINER = web@'%' VIEW shop.z AS SELECT id FROM shop.gone",
          'DROP TABLE shop.gone',
        ])
          await session.run(sql)
        await session.close()
        await place.report(server)
      })
      await withServer(family, join(folder, 'target'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        for (const user of ['web', 'caller']) await session.run(`CREATE USER ${user}@'%'`)
        const refused = await place.restore(server, SHOP).catch((error: unknown) => error)
        expect(refused).toMatchObject({
          code: 'UNSUPPORTED',
          why: "2 such: shop.v runs as 'web'@'%', without SELECT on shop.t; shop.x runs as 'web'@'%', without EXECUTE on shop.f",
        })
        const [hint = ''] = (refused as { hints: string[] }).hints
        expect(hint).toMatch(
          /^as an administrator: GRANT SELECT, EXECUTE ON `shop`\.\* TO `web`@`%`/,
        )
        expect(await session.rows("SHOW DATABASES LIKE '%shop%'")).toEqual([])
        await session.run(hint.slice('as an administrator: '.length))
        const { outcome } = await place.restore(server, SHOP)
        expect(outcome?.checks.filter(one => one.outcome === 'failed')).toEqual([])
        await session.run('DROP DATABASE shop')
        // The other way out.
        await session.run("DROP USER web@'%'")
        const again = await place.restore(server, SHOP)
        expect(again.outcome?.checks.filter(one => one.outcome === 'failed')).toEqual([])
        // What the body of a function needs is not known before: it is told behind the rows.
        const late = { databases: ['late'], confirm: 'late' }
        await session.run("GRANT EXECUTE ON late.* TO web@'%'")
        const failed = await place.restore(server, late).catch((error: unknown) => error)
        expect(failed).toMatchObject({ code: 'CONTENT_MISMATCH' })
        const [grant = '', resume = ''] = (failed as { hints: string[] }).hints
        expect(grant).toMatch(
          /^programs run as 'web'@'%', .* of the source: GRANT SELECT, EXECUTE ON/,
        )
        expect(resume).toMatch(/--resume/)
        await session.run(grant.slice(grant.indexOf('GRANT ')))
        const done = await place.restore(server, { ...late, resume: true })
        expect(done.outcome?.checks.filter(one => one.outcome === 'failed')).toEqual([])
        await session.close()
      })
    })
  },
)
