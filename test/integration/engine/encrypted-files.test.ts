import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { withServer } from '#test/backed-up'
import { TEST_ENGINES } from '#test/engines'
import { withFolder } from '#test/temporary'

// MySQL's keyring is a component that is read beside the server's own program, which tests share.
test.skipIf(!TEST_ENGINES.includes('mariadb'))(
  'mariadb: tables that the server encrypts are refused by a physical backup, by name',
  async () => {
    await withFolder(async folder => {
      const keys = join(folder, 'keys')
      await writeFile(keys, `1;${'0123456789abcdef'.repeat(4)}\n`)
      const options = [
        '--plugin-load-add=file_key_management',
        `--file-key-management-filename=${keys}`,
      ]
      await withServer(
        'mariadb',
        join(folder, 'server'),
        async (server, engine) => {
          const check = () => engine.physicalBackups.check(server.administrator)
          const session = await engine.connect(server.administrator)
          await session.run('CREATE DATABASE shop')
          await session.run('CREATE TABLE shop.plain (id INT PRIMARY KEY)')
          await check()
          await session.run('CREATE TABLE shop.hidden (id INT PRIMARY KEY) ENCRYPTED = YES')
          await expect(check()).rejects.toMatchObject({
            code: 'UNSUPPORTED',
            why: 'shop/hidden',
          })
          await session.run('DROP TABLE shop.hidden')
          await session.run('SET GLOBAL aria_encrypt_tables = ON')
          await expect(check()).rejects.toMatchObject({ why: 'aria_encrypt_tables = ON' })
          await session.close()
        },
        options,
      )
    })
  },
)
