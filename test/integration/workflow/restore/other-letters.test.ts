import { join } from 'node:path'
import { expect, test } from 'vitest'
import { withServer } from '#test/backed-up'
import { TEST_ENGINES } from '#test/engines'
import { withBackups } from '#test/with-backups'

test.each(TEST_ENGINES)(
  '%s: programs that name tables in other letters are told where letters count',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      const source = join(folder, 'source')
      await withServer(
        family,
        source,
        async (server, engine) => {
          const session = await engine.connect(server.administrator)
          for (const sql of [
            'CREATE DATABASE shop',
            'CREATE TABLE shop.Orders (id INT PRIMARY KEY)',
            'CREATE PROCEDURE shop.clear() DELETE FROM Orders',
            'CREATE PROCEDURE shop.fill() INSERT INTO orders VALUES (1)',
          ])
            await session.run(sql)
          await session.run('CALL shop.clear()')
          await session.close()
          await place.report(server)
        },
        [],
        { lowerCaseNames: true },
      )
      await withServer(family, join(folder, 'target'), async (server, engine) => {
        const { findings } = await place.restore(server)
        expect(findings).toEqual([expect.stringContaining('procedure shop.clear (Orders)')])
        expect(findings[0]).not.toContain('shop.fill')
        const session = await engine.connect(server.administrator)
        await session.run('CALL shop.fill()')
        await expect(session.run('CALL shop.clear()')).rejects.toThrow()
        await session.close()
      })
    })
  },
)
