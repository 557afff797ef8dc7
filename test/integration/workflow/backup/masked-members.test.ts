import { join } from 'node:path'
import { expect, test } from 'vitest'
import { BackupPlace, withServer } from '#test/backed-up'
import { TEST_ENGINES } from '#test/engines'
import { withFolder } from '#test/temporary'

test.each(TEST_ENGINES)('%s: members that the server does not show are named', async family => {
  await withFolder(async folder => {
    const place = await BackupPlace.make(join(folder, 'backup'), family)
    await withServer(family, join(folder, 'source'), async (server, engine) => {
      const session = await engine.connect(server.administrator)
      await session.run('CREATE DATABASE shop')
      await session.run(
        `CREATE TABLE shop.t (id INT PRIMARY KEY, \`e\`\`?\` ENUM('🐻', 'é?') CHARACTER SET utf8mb4,
           s SET('x😀', 'y') CHARACTER SET utf16, honest ENUM('?', 'é', '名') CHARACTER SET utf8mb4,
           b ENUM('?', x'ff', 'b') CHARACTER SET binary, t VARCHAR(9) DEFAULT '?')`,
      )
      await session.run(
        "INSERT INTO shop.t VALUES (1, 'é?', 'y', '?', '?', '🐻'), (2, 'é?', '', '名', 'b', '')",
      )
      expect((await place.report(server)).findings).toEqual([])
      await session.run("INSERT INTO shop.t VALUES (3, '🐻', 'x😀', 'é', 2, '')")
      await session.run("SET GLOBAL log_output = 'TABLE', GLOBAL general_log = 1")
      const { findings } = await place.report(server)
      await session.run('SET GLOBAL general_log = 0')
      // MySQL shows the bytes of character set binary.
      const named = family === 'mysql' ? ['e`?', 's'] : ['e`?', 's', 'b']
      expect(findings).toEqual(
        named.map(column =>
          expect.stringContaining(`column shop.t.${column} has members with letters`),
        ),
      )
      // A big table is long to read: once for all of its columns.
      expect(
        await session.value(
          `SELECT COUNT(*) FROM mysql.general_log WHERE argument LIKE 'SELECT%REGEXP%FROM \`shop\`.\`t\`%'
              OR argument LIKE 'SELECT%FROM \`shop\`.\`t\`%REGEXP%'`,
        ),
      ).toBe('1')
      await session.close()
    })
  })
})
