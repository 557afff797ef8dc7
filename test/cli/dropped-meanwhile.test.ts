import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { TEST_ENGINES } from '#test/engines'
import { LoggedShop } from '#test/logged-shop'
import { makeFolder } from '#test/temporary'

test.each(TEST_ENGINES)(
  '%s: a table that is dropped while it is listed, locked or read ends a backup as other DDL does',
  async family => {
    const shop = await LoggedShop.make(family, await makeFolder())
    let ended = false
    const loop = async (n: number): Promise<void> => {
      const session = await shop.engine.connect(shop.source.administrator)
      while (!ended) {
        await session.run(`CREATE TABLE bank.t${n} (id INT PRIMARY KEY)`)
        await session.run(`INSERT INTO bank.t${n} VALUES (1)`)
        await sleep(n * 40)
        await session.run(`DROP TABLE bank.t${n}`)
      }
      await session.close()
    }
    try {
      await shop.run('CREATE DATABASE bank')
      const loops = [1, 2, 3].map(loop)
      const seen: string[] = []
      for (let n = 0; n < 6; n += 1) {
        const made = await shop.ecomdb(['backup', 'logical', '--json', '--quiet'])
        seen.push(`${made.status} ${made.json().error?.code}: ${made.json().error?.why}`)
      }
      ended = true
      await Promise.all(loops)
      const others = seen.filter(one => !/^(0 |13 NOT_CONSISTENT)/.test(one))
      expect(others, seen.join('\n')).toEqual([])
    } finally {
      ended = true
      await shop.stop()
      await rm(shop.folder, { recursive: true, force: true })
    }
  },
)
