import { expect, test } from 'vitest'
import { TEST_ENGINES } from '#test/engines'
import { startOwnServer } from '#test/own-server'

test.each(TEST_ENGINES)(
  '%s: what somebody made in a database of the server itself is told, and nothing of the server',
  async family => {
    const { engine, server, remove } = await startOwnServer(family)
    const session = await engine.connect(server.administrator)
    const warnings = async (databases: string[] | null): Promise<readonly string[]> => {
      const options = { connect: server.administrator, databases, readers: 1 }
      const point = await engine.logicalReader.openConsistent(options)
      await point.close()
      return point.warnings
    }
    try {
      await session.run('CREATE DATABASE shop')
      expect(await warnings(null)).toEqual([])
      await session.run('CREATE TABLE mysql.heartbeat (id INT)')
      await session.run('CREATE PROCEDURE sys.mine() DO 0')
      await session.run('CREATE VIEW sys.seen AS SELECT 1 AS one')
      await session.run('CREATE EVENT mysql.nightly ON SCHEDULE EVERY 1 DAY DO DO 0')
      const told = (await warnings(null)).map(warning => warning.split(' ')[0])
      expect(told).toEqual(['mysql.heartbeat', 'sys.mine', 'sys.seen', 'mysql.nightly'])
      expect(await warnings(['shop'])).toEqual([])
    } finally {
      await session.close()
      await remove()
    }
  },
)
