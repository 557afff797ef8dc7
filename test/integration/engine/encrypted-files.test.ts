import { join } from 'node:path'
import { expect, test } from 'vitest'
import { TEST_ENGINES } from '#test/engines'
import { withFolder } from '#test/temporary'
import { withTableKey } from '#test/with-table-key'

const MORE = { mysql: 'innodb_redo_log_encrypt', mariadb: 'aria_encrypt_tables' } as const

test.each(TEST_ENGINES)(
  '%s: what the server encrypts is refused by a physical backup, by name',
  async family => {
    await withFolder(async folder => {
      await withTableKey(family, join(folder, 'server'), async (server, engine) => {
        const check = () => engine.physicalBackups.check(server.administrator)
        const session = await engine.connect(server.administrator)
        if (family === 'mysql') await session.run("INSTALL PLUGIN clone SONAME 'mysql_clone.so'")
        await session.run('CREATE DATABASE shop')
        await session.run('CREATE TABLE shop.plain (id INT PRIMARY KEY)')
        await check()
        const encrypted = family === 'mysql' ? "ENCRYPTION = 'Y'" : 'ENCRYPTED = YES'
        await session.run(`CREATE TABLE shop.hidden (id INT PRIMARY KEY) ${encrypted}`)
        await expect(check()).rejects.toMatchObject({ code: 'UNSUPPORTED', why: 'shop/hidden' })
        await session.run('DROP TABLE shop.hidden')
        await session.run(`SET GLOBAL ${MORE[family]} = ON`)
        await expect(check()).rejects.toMatchObject({ why: `${MORE[family]} = ON` })
        await session.close()
      })
    })
  },
)
