import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { describe, expect, test } from 'vitest'
import { type CliResult, runEcomdb } from '#test/cli'
import { TEST_ENGINES } from '#test/engines'
import { type ShopContext, withShop } from '#test/shop'

const REFUNDS = 'order_item_refund_id,created_at,order_item_id,order_id,refund_amount_usd'
const USERS = 'user_id,created_at,first_name,last_name'
const goodUser = (id: number): string => `${id},2013-01-01 00:00:00,Ann,Brown\n`

class Loads {
  readonly #shop: ShopContext

  constructor(shop: ShopContext) {
    this.#shop = shop
  }

  async write(name: string, content: string | Buffer): Promise<string> {
    const path = join(this.#shop.folder, name)
    await writeFile(path, content)
    return path
  }

  async run(...args: string[]): Promise<CliResult> {
    const { env, folder } = this.#shop
    return await runEcomdb(['load', ...args, '--quiet'], { env, cwd: folder })
  }

  /** Loads this text as a file of users; what was rejected, and how many users there are then. */
  async users(content: string | Buffer): Promise<{
    result: CliResult
    rejects: Record<string, string>[]
    users: number
  }> {
    await this.#shop.session.run('DELETE FROM users')
    const rejects = join(this.#shop.folder, `rejects-${Math.random()}.csv`)
    const result = await this.run(await this.write('users.csv', content), '--rejects', rejects)
    const text = await readFile(rejects, 'latin1').catch(() => '')
    const users = Number(await this.#shop.session.value('SELECT COUNT(*) FROM users'))
    return { result, rejects: parse(text, { columns: true }), users }
  }
}

// Files are looked at before the server's kind matters: one engine shows it.
describe.each(TEST_ENGINES.slice(0, 1))('before a server takes part (%s)', family => {
  test('a file that cannot be loaded stops the load before anything is changed', async () => {
    await withShop(family, async shop => {
      const loads = new Loads(shop)
      const good = await loads.write('good.csv', `${USERS}\n${goodUser(1)}`)
      await mkdir(join(shop.folder, 'folder'))
      const cases: [string, number, RegExp][] = [
        [
          join(shop.folder, 'missing.csv'),
          2,
          /cannot read .*missing\.csv\n.*there is no such file/,
        ],
        [join(shop.folder, 'folder'), 2, /it is a directory\n.*folder\/\*\.csv/],
        [await loads.write('empty.csv', ''), 2, /it is empty/],
        [await loads.write('blank.csv', '\n\r\n\n'), 2, /it is empty/],
        [await loads.write('unknown.csv', `${USERS},shoe_size\n`), 2, /no column "shoe_size"/],
        [await loads.write('headless.csv', goodUser(1)), 2, /no table has its columns: "1"/],
        [
          await loads.write('twice.csv', `${USERS},user_id\n`),
          2,
          /names the column "user_id" twice/,
        ],
        [
          await loads.write('keyless.csv', 'created_at,first_name\n'),
          2,
          /no column \w+_id, the table's key/,
        ],
        [
          await loads.write('lacks.csv', 'user_id,first_name\n'),
          2,
          /no column created_at, which needs/,
        ],
        [await loads.write('utf16.csv', Buffer.from(`\ufeff${USERS}\n`, 'utf16le')), 2, /UTF-16/],
        [await loads.write('quote.csv', `"${USERS}\n`), 2, /not closed/],
      ]
      for (const [file, status, message] of cases) {
        const result = await loads.run(good, file)
        expect([result.status, result.stderr]).toEqual([status, expect.stringMatching(message)])
        expect(result.stderr).toMatch(/code: INPUT_/)
        expect(result.stdout).toBe('')
      }
      const named = await loads.run(good, '--table', 'nosuch')
      expect([named.status, named.stderr]).toEqual([2, expect.stringMatching(/no table nosuch/)])
      const other = await loads.run(good, '--table', 'products')
      expect([other.status, other.stderr]).toEqual([
        2,
        expect.stringMatching(/no column "user_id"/),
      ])
      expect(await shop.session.value('SELECT COUNT(*) FROM users')).toBe('0')
      expect((await readdir(shop.folder)).filter(name => name.includes('rejects'))).toEqual([])
    })
  })
})

describe.each(TEST_ENGINES)('%s', family => {
  test('a rejects file that cannot be written stops the load before anything is changed', async () => {
    await withShop(family, async shop => {
      const loads = new Loads(shop)
      const good = await loads.write('good.csv', `${USERS}\n${goodUser(1)}`)
      const result = await loads.run(good, '--rejects', join(shop.folder, 'no/such/rejects.csv'))
      expect([result.status, result.stderr]).toEqual([
        30,
        expect.stringMatching(/cannot write the rejects file .*\n.*ENOENT/),
      ])
      await writeFile(join(shop.folder, 'file'), '')
      await chmod(join(shop.folder, 'file'), 0o400)
      const below = await loads.run(good, '--rejects', join(shop.folder, 'file/rejects.csv'))
      expect([below.status, below.stderr]).toEqual([30, expect.stringMatching(/ENOTDIR/)])
      expect(await shop.session.value('SELECT COUNT(*) FROM users')).toBe('0')
    })
  })

  test('each bad row is rejected with line and reason, each good one is loaded', async () => {
    await withShop(family, async shop => {
      const loads = new Loads(shop)
      const bad: [string, string][] = [
        [
          '2,yesterday,Ann,Brown',
          'created_at: "yesterday" is no date and time of the form 2013-12-31 23:59:59',
        ],
        [
          '3,2013-02-29 00:00:00,Ann,Brown',
          'created_at: "2013-02-29 00:00:00" is no date and time',
        ],
        ['4,2013-01-01 00:00:00.5,Ann,Brown', 'more than 0 digits of a second'],
        ['5,NULL,Ann,Brown', 'created_at: is NULL, and needs a value'],
        ['six,2013-01-01 00:00:00,Ann,Brown', 'user_id: "six" is no whole number'],
        ['9223372036854775808,2013-01-01 00:00:00,Ann,Brown', 'is outside -9223372036854775808 to'],
        ['8,2013-01-01 00:00:00,Ann', 'has 3 fields, the header has 4'],
        ['9,2013-01-01 00:00:00,Ann,Brown,more', 'has 5 fields, the header has 4'],
        [`10,2013-01-01 00:00:00,${'n'.repeat(51)},Brown`, 'has 51 characters, 50 fit'],
        ['11,2013-01-01 00:00:00,"Ann"a,Brown', 'a closing quote is followed by "a,Brown"'],
      ]
      const lines = bad.map(([line], place) => `${line}\n${goodUser(100 + place)}`)
      const { result, rejects, users } = await loads.users(`${USERS}\n${lines.join('')}`)
      expect(result.status).toBe(3)
      expect(result.stdout).toContain('10 loaded, 10 rejected')
      expect(users).toBe(bad.length)
      expect(rejects.map(r => r['line'])).toEqual(bad.map((_, place) => String(2 + 2 * place)))
      expect(rejects.map(r => r['row'])).toEqual(bad.map(([line]) => line))
      for (const [place, [, reason]] of bad.entries()) {
        expect(rejects[place]?.['reason']).toContain(reason)
      }
    })
  })

  test('bytes that are no UTF-8, a 20 MB field, a quoted newline, a quote that never ends', async () => {
    await withShop(family, async shop => {
      const loads = new Loads(shop)
      const latin1 = Buffer.from(
        `${USERS}\n1,2013-01-01 00:00:00,Jos\xe9,Brown\n${goodUser(2)}`,
        'latin1',
      )
      const invalid = await loads.users(latin1)
      expect(invalid).toMatchObject({ users: 1, result: { status: 3 } })
      expect(invalid.rejects).toMatchObject([
        // The very bytes are kept.
        { line: '2', row: '1,2013-01-01 00:00:00,Jos\xe9,Brown' },
      ])
      expect(invalid.rejects[0]?.['reason']).toContain('is not valid UTF-8')

      const huge = `1,2013-01-01 00:00:00,"${'x\n'.repeat(10_000_000)}",Brown\n`
      const long = await loads.users(`${USERS}\n${huge}${goodUser(2)}`)
      expect(long).toMatchObject({ users: 1, result: { status: 3 } })
      expect(long.rejects).toMatchObject([
        { line: '2', reason: expect.stringContaining('has 20000000') },
      ])
      expect(long.rejects[0]?.['row']?.length).toBe(64 * 1024)
      expect(long.rejects[0]?.['reason']).toContain('first 65536 bytes')

      const newline = await loads.users(`${USERS}\n1,2013-01-01 00:00:00,"An\nn",Brown\n2,x,,\n`)
      expect(newline).toMatchObject({ users: 1, rejects: [{ line: '4' }] })
      expect(await shop.session.value('SELECT first_name FROM users')).toBe('An\nn')

      const open = await loads.users(
        `${USERS}\n${goodUser(1)}2,2013-01-01 00:00:00,"Ann,Brown\n${goodUser(3)}`,
      )
      expect(open).toMatchObject({ users: 1, result: { status: 3 }, rejects: [{ line: '3' }] })
      expect(open.rejects[0]?.['reason']).toContain(
        'not closed before the end of the file: 2 lines',
      )
    })
  })

  test('what only the server knows is rejected as well: foreign keys, CHECKs, unique keys, triggers', async () => {
    await withShop(family, async shop => {
      const loads = new Loads(shop)
      const item = (id: number, more: string): string =>
        `${id},2013-01-01 00:00:00,${id},49.99,19.49,1,${more}\n`
      const items = await loads.write(
        'items.csv',
        `order_item_id,created_at,order_id,price_usd,cogs_usd,website_session_id,product_id,is_primary_item\n${item(1, '1,1')}${item(2, '99,1')}${item(3, '1,7')}${item(4, '2,1')}`,
      )
      const refunds = await loads.write(
        'refunds.csv',
        `${REFUNDS}\n1,2013-01-02 00:00:00,1,1,49.99\n2,2013-01-02 00:00:00,77,77,49.99\n`,
      )
      const result = await loads.run(items, refunds, '--rejects', 'rejects.csv', '--json')
      expect(result.status).toBe(3)
      expect(result.json().result).toMatchObject({ loaded: 3, rejected: 3 })
      const rejects: Record<string, string>[] = parse(
        await readFile(join(shop.folder, 'rejects.csv')),
        { columns: true },
      )
      expect(rejects.map(r => [r['table'], r['line'], r['reason']])).toEqual([
        ['order_items', '3', 'product_id 99 is not in products'],
        ['order_items', '4', expect.stringContaining('order_items_primary_flag')],
        ['order_item_refunds', '3', 'order_item_id 77 is not in order_items'],
      ])
      expect(await shop.session.value('SELECT COUNT(*) FROM orders')).toBe('2')

      await shop.session.run('ALTER TABLE users ADD UNIQUE KEY only_once (last_name)')
      await shop.session.run(
        `CREATE TRIGGER no_bob BEFORE INSERT ON users FOR EACH ROW
           IF NEW.first_name = 'Bob' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no Bobs'; END IF`,
      )
      const { rejects: refused, users } = await loads.users(
        `${USERS}\n1,2013-01-01,Ann,Brown\n2,2013-01-01,Bea,Brown\n3,2013-01-01,Bob,Clark\n4,2013-01-01,Dan,Dean\n`,
      )
      expect(users).toBe(2)
      expect(refused.map(r => [r['line'], r['reason']])).toEqual([
        ['3', expect.stringContaining('only_once')],
        ['4', expect.stringContaining('no Bobs')],
      ])
    })
  })
})
