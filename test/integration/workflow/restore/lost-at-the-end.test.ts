import { join } from 'node:path'
import { expect, test } from 'vitest'
import { EcomdbError } from '#core/errors'
import type { Engine } from '#engine/engine'
import { openDirectoryTarget } from '#target/dir/directory-target'
import { withServer } from '#test/backed-up'
import { TEST_ENGINES } from '#test/engines'
import { withBackups } from '#test/with-backups'

/** Its connection is killed when all is restored, and the journal is to go. */
function losingTheEnd(engine: Engine): Engine {
  const { logicalWriter } = engine
  return {
    ...engine,
    logicalWriter: {
      ...logicalWriter,
      async endJournal(session, binlog) {
        await session.run('KILL CONNECTION_ID()').catch(() => {})
        await logicalWriter.endJournal(session, binlog)
      },
    },
  }
}

/** It does not answer when it is asked for its log. */
function withoutAnswer(engine: Engine): Engine {
  const observe = async (): Promise<never> => {
    throw new EcomdbError('SERVER_REFUSED', { what: 'cannot ask', why: 'no answer' })
  }
  return { ...engine, binaryLog: { ...engine.binaryLog, observe } }
}

test.each(TEST_ENGINES)(
  '%s: a restore that loses its connection at the very end is continued',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        await session.run('CREATE DATABASE shop')
        await session.run('CREATE TABLE shop.orders (id INT PRIMARY KEY)')
        await session.run('INSERT INTO shop.orders VALUES (1), (2)')
        await session.close()
        await place.backUp(server)
      })
      await withServer(family, join(folder, 'target'), async (server, engine) => {
        // Before anything is made: then there is none to continue.
        const unlogged = { binlog: false, archive: openDirectoryTarget(place.path) }
        await expect(place.restore(server, unlogged, withoutAnswer(engine))).rejects.toMatchObject({
          code: 'SERVER_REFUSED',
          hints: expect.arrayContaining(['nothing was changed']),
        })
        await expect(place.restore(server, {}, losingTheEnd(engine))).rejects.toMatchObject({
          code: 'SERVER_LOST',
        })
        const { outcome } = await place.restore(server, { resume: true })
        expect(outcome?.continuedRows).toBe(2)
        const session = await engine.connect(server.administrator)
        expect(await session.value("SHOW DATABASES LIKE 'ecomdb_restore'")).toBeNull()
        await session.close()
      })
    })
  },
)
