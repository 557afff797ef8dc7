import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Session } from '#engine/session'
import { withServer } from '#test/backed-up'
import { TEST_ENGINES } from '#test/engines'
import { shareAddress } from '#test/shared-address'
import { withFolder } from '#test/temporary'

async function shop(session: Session): Promise<void> {
  await session.run('CREATE DATABASE shop')
  await session.run('CREATE TABLE shop.t (id INT PRIMARY KEY)')
  await session.run('INSERT INTO shop.t VALUES (1)')
  await session.close()
}

test.each(TEST_ENGINES)(
  '%s: connections that reach several servers are no backup',
  async family => {
    await withFolder(async folder => {
      await withServer(family, join(folder, 'a'), async (a, engine) => {
        await withServer(family, join(folder, 'b'), async b => {
          for (const { administrator } of [a, b]) await shop(await engine.connect(administrator))
          const sockets = [a, b].map(({ administrator }) => administrator.socketPath ?? '')
          for (const readers of [1, 2]) {
            const socketPath = join(folder, `balanced-${readers}`)
            const close = await shareAddress(socketPath, sockets, connection => connection % 2)
            const connect = { ...a.administrator, socketPath }
            const opening = engine.logicalReader.openConsistent({
              connect,
              databases: null,
              readers,
            })
            await expect(
              opening.then(async point => {
                await point.close()
              }),
            ).rejects.toMatchObject({
              code: 'NOT_CONSISTENT',
              what: 'the connections of this backup do not reach the same server',
            })
            close()
          }
          const other = engine.logicalReader.openConsistent({
            ...{ connect: a.administrator, databases: null, readers: 1 },
            sourceId: 'another server',
          })
          await expect(other).rejects.toMatchObject({ code: 'NOT_CONSISTENT' })
          const point = await engine.logicalReader.openConsistent({
            connect: a.administrator,
            databases: null,
            readers: 2,
          })
          await point.close()
        })
      })
    })
  },
)
