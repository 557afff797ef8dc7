import { join } from 'node:path'
import { expect, test } from 'vitest'
import { withServer } from '#test/backed-up'
import { TEST_ENGINES } from '#test/engines'
import { withBackups } from '#test/with-backups'

test.each(TEST_ENGINES)(
  '%s: views that read a database which is not backed up with theirs are named',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        for (const name of ['shop', 'archive']) {
          await session.run(`CREATE DATABASE ${name}`)
          await session.run(`CREATE TABLE ${name}.orders (id INT PRIMARY KEY)`)
        }
        await session.run('CREATE VIEW shop.own AS SELECT id FROM shop.orders')
        await session.run(
          'CREATE VIEW shop.server AS SELECT VARIABLE_NAME FROM performance_schema.global_status',
        )
        await session.run(
          'CREATE VIEW shop.ever AS SELECT o.id FROM shop.orders o JOIN archive.orders a ON a.id = o.id JOIN archive.orders b ON b.id = o.id',
        )
        await session.close()
        expect((await place.report(server, ['shop'])).findings).toEqual([
          expect.stringContaining(
            'view shop.ever reads archive.orders, and archive is not in this',
          ),
        ])
        expect((await place.report(server, ['archive'])).findings).toEqual([])
        expect((await place.report(server, ['archive', 'shop'])).findings).toEqual([])
        expect((await place.report(server)).findings).toEqual([])
      })
    })
  },
)
