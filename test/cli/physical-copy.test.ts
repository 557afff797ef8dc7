import { existsSync } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { PhysicalShop } from '#test/physical-shop'

const ROWS = ['SELECT * FROM bank.journal ORDER BY id', 'SELECT * FROM bank.accounts ORDER BY id']

test.each(SLOW_TEST_ENGINES)(
  '%s: a physical snapshot, and what builds on it, is restored from a copy when the repository is gone',
  async family => {
    const shop = await PhysicalShop.make(family)
    const ecomdb = async (...args: string[]) => {
      const run = await shop.ecomdb(...args)
      expect(run.status, `${args.join(' ')}: ${run.stderr}`).toBe(0)
      return run
    }
    try {
      const insert = (note: string) =>
        shop.session.run('INSERT INTO bank.journal (note) VALUES (?)', [note])
      await insert('of the first')
      await ecomdb('backup', 'physical')
      await insert('of the second')
      // MySQL has no increments: what has not changed is not stored again.
      const increment = family === 'mariadb' ? ['--incremental', 'latest'] : []
      await ecomdb('backup', 'physical', ...increment)
      const wanted = await Promise.all(ROWS.map(sql => shop.session.rows(sql)))
      await insert('of none')
      const disk = join(shop.folder, 'disk')
      await mkdir(disk)
      await ecomdb('target', 'prepare', disk, '--label', 'a', '--same-disk')
      const copied = (await ecomdb('backup', 'copy', '--to', disk, '--json')).json().result
      expect(copied).toMatchObject({ snapshots: 2 })
      await rename(join(shop.folder, 'backups'), join(shop.folder, 'gone'))
      await shop.engine.scratchServers.claim(join(shop.folder, 'restored'))
      const from = ['--from', disk, '--data-dir', 'restored/data', '--json']
      const { result } = (await ecomdb('restore', 'latest', ...from)).json()
      expect(result.chain).toHaveLength(family === 'mariadb' ? 2 : 1)
      await shop.onRestored('restored', async session => {
        const found = await Promise.all(ROWS.map(sql => session.rows(sql)))
        expect(found).toEqual(wanted)
        expect(found[0]).toHaveLength(2)
      })
      expect(existsSync(join(shop.folder, 'backups'))).toBe(false)
    } finally {
      await shop.remove()
    }
  },
)
