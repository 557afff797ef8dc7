import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runEcomdb } from '#test/cli'
import { TEST_ENGINES } from '#test/engines'
import { sharedServer } from '#test/servers'
import { fixtureFiles, withShop } from '#test/shop'

test.each(TEST_ENGINES)('%s: the loader account has just what a load needs', async family => {
  await withShop(family, async ({ engine, session, database, folder, env }) => {
    const { server } = await sharedServer(family)
    const prefix = database
    const apply = ['provision', 'apply', '--secrets', folder, '--account-prefix', prefix]
    await runEcomdb(apply, { env })
    const administrator = await engine.connect(server.administrator)
    try {
      const account = {
        ...env,
        ECOMDB_USER: `${prefix}_loader`,
        ECOMDB_PASSWORD_FILE: join(folder, `${prefix}_loader.password`),
      }
      const load = async (...more: string[]) =>
        (
          await runEcomdb(['load', ...fixtureFiles(), ...more, '--json'], {
            env: account,
            cwd: folder,
          })
        ).json()
      expect((await load('--dry-run')).result).toMatchObject({ loaded: 341, rejected: 0 })
      const first = await load()
      expect(first.error).toBeUndefined()
      expect(first.result).toMatchObject({ loaded: 336, rejected: 5, orphans: [{ count: 92 }] })
      expect((await load('--on-conflict', 'replace')).result).toMatchObject({ replaced: 5 })
      expect(await session.value('SELECT COUNT(*) FROM orders')).toBe('120')
      expect(await session.value('SELECT DISTINCT loaded_by FROM ecomdb_load')).toBe(
        `${prefix}_loader@localhost`,
      )
    } finally {
      for (const role of ['definer', 'backup', 'loader', 'admin']) {
        await administrator.run(`DROP USER IF EXISTS '${prefix}_${role}'@'localhost'`)
      }
      await administrator.close()
    }
  })
})
