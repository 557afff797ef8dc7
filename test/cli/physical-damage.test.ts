import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { damagePage } from '#test/damaged-page'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { LoggedShop } from '#test/logged-shop'
import { withFolder } from '#test/temporary'

test.each(SLOW_TEST_ENGINES)('%s: a page that is damaged on the source is not restored', family =>
  withFolder(async folder => {
    const shop = await LoggedShop.make(family, folder)
    try {
      if (family === 'mysql') await shop.run("INSTALL PLUGIN clone SONAME 'mysql_clone.so'")
      await shop.run(
        'CREATE DATABASE bank',
        'CREATE TABLE bank.rotten (id INT PRIMARY KEY, note VARCHAR(200)) ENGINE = InnoDB',
        `INSERT INTO bank.rotten WITH RECURSIVE n AS (SELECT 1 AS id UNION ALL SELECT id + 1 FROM n WHERE id < 900)
         SELECT id, REPEAT('a', 100) FROM n`,
      )
      await shop.engine.scratchServers.stop(shop.source.folder)
      await damagePage(join(shop.source.folder, 'data/bank/rotten.ibd'))
      await shop.restart('--innodb-buffer-pool-load-at-startup=OFF')
      const made = await shop.ecomdb(['backup', 'physical'])
      if (family === 'mariadb') {
        // The program reads each page; what it prints of a bad one is a customer's.
        expect(made.status, made.stdout).toBe(30)
        expect(made.stderr).toMatch(
          /^error: mariadb-backup found a damaged page in \S*bank\/rotten\.ibd$/m,
        )
        expect(made.stderr).not.toContain('aaaa')
        const listed = await shop.ecomdb(['backup', 'list', '--json'])
        expect(listed.json().result.snapshots).toEqual([])
        return
      }
      // CLONE copies it unread.
      expect(made.status, made.stderr).toBe(0)
      const into = join(folder, 'restored')
      const restored = await shop.ecomdb(['restore', 'latest', '--data-dir', into])
      expect(restored.status, restored.stdout).toBe(13)
      expect(restored.stderr).toMatch(/not right: pages\n.*bank\/rotten\.ibd: /)
      expect(existsSync(into)).toBe(false)
      const drilled = (await shop.ecomdb(['drill', '--json'])).json()
      expect(drilled.status).toBe(13)
      expect(drilled.result.checks).toContainEqual(
        expect.objectContaining({ name: 'pages', outcome: 'failed' }),
      )
      const [listed] = (await shop.ecomdb(['backup', 'list', '--json'])).json().result.snapshots
      expect(listed.drilled).toMatchObject({ outcome: 'failed' })
    } finally {
      await shop.stop()
    }
  }),
)
