import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CliResult, runEcomdb } from '#test/cli'
import { TEST_ENGINES } from '#test/engines'
import { administer, sharedServer } from '#test/servers'

/** Two days of a shop, at their edges, and chats of two of three representatives. */
const ROWS = [
  `INSERT INTO order_items (order_item_id, created_at, order_id, price_usd, cogs_usd, website_session_id, product_id, is_primary_item) VALUES
   (1, '2013-10-31 23:59:59', 1, 10.00, 1.00, 1, 1, 1), (2, '2013-11-01 00:00:00', 2, 49.99, 1.00, 1, 1, 1),
   (3, '2013-11-01 00:00:00', 2, 1000.01, 1.00, 1, 2, 0), (4, '2013-11-02 23:59:59', 3, 0.50, 1.00, 1, 1, 1),
   (5, '2013-11-03 00:00:00', 4, 10.00, 1.00, 1, 1, 1)`,
  `INSERT INTO users VALUES (1, '2013-01-01', 'Uma', 'User')`,
  `INSERT INTO support_members VALUES (1, '2013-01-01', 'Ann', 'Lee'), (2, '2013-01-01', 'Bo', NULL), (3, '2013-01-01', 'Cy', 'Ray')`,
  `INSERT INTO chat_sessions (chat_session_id, created_at, user_id, support_member_id) VALUES
   (1, '2013-11-01 00:00:00', 1, 1), (2, '2013-11-02 23:59:59', 1, 1), (3, '2013-11-02 10:00:00', 1, 2),
   (4, '2013-11-03 00:00:00', 1, 2), (5, '2013-11-02 10:00:00', 1, NULL)`,
]
const PERIOD = ['--from', '2013-11-01', '--to', '2013-11-02']

describe.each(TEST_ENGINES)('%s', family => {
  const database = `shop_${randomBytes(4).toString('hex')}`
  /** May call the two procedures, and nothing else. */
  const clerk = `clerk_${randomBytes(4).toString('hex')}`
  let folder: string
  let environment: Record<string, string>
  const run = (...args: string[]): Promise<CliResult> =>
    runEcomdb(args, { env: environment, cwd: folder })

  beforeAll(async () => {
    const { server } = await sharedServer(family)
    folder = await mkdtemp(join(tmpdir(), 'ecomdb-test-'))
    environment = { ECOMDB_SOCKET: server.socketPath, ECOMDB_DATABASE: database }
    environment['ECOMDB_USER'] = 'root'
    expect((await run('provision', 'apply', '--account-prefix', clerk)).stderr).not.toContain(
      'error',
    )
    await administer(
      family,
      `USE ${database}`,
      ...ROWS,
      `CREATE USER ${clerk}@localhost`,
      `GRANT EXECUTE ON PROCEDURE ${database}.order_performance TO ${clerk}@localhost`,
      `GRANT EXECUTE ON PROCEDURE ${database}.chats_handled TO ${clerk}@localhost`,
    )
    environment['ECOMDB_USER'] = clerk
  })

  afterAll(async () => {
    await administer(
      family,
      `DROP USER IF EXISTS ${clerk}@localhost`,
      `DROP DATABASE IF EXISTS ${database}`,
      `DROP USER IF EXISTS ${clerk}_definer@localhost`,
    )
    await rm(folder, { recursive: true, force: true })
  })

  test('orders: both days are included, for someone who may only call the procedure', async () => {
    const { status, stdout } = await run('report', 'orders', ...PERIOD)
    expect(stdout).toBe(
      [
        'Order performance',
        'from 2013-11-01 to 2013-11-02, both days included',
        '',
        '  Orders  Revenue (USD)',
        '  ------  -------------',
        '       2       1,050.50',
        '',
      ].join('\n'),
    )
    expect(status).toBe(0)
    const json = (await run('report', 'orders', ...PERIOD, '--json')).json()
    expect(json).toEqual({
      version: 1,
      status: 0,
      result: {
        period: { from: '2013-11-01', to: '2013-11-02' },
        totalOrders: 2,
        revenue: '1050.50',
      },
      warnings: [],
    })
  })

  test('orders: a period without any', async () => {
    const { result } = (
      await run('report', 'orders', '--from', '2011-01-01', '--to', '2011-01-31', '--json')
    ).json()
    expect(result).toMatchObject({ totalOrders: 0, revenue: '0.00' })
  })

  test('chats: a row for each representative, also without a chat; CSV', async () => {
    const { stdout } = await run('report', 'chats', ...PERIOD, '--format', 'csv')
    expect(stdout.split('\r\n')).toEqual([
      'from,to,representative_id,representative,total_chats',
      '2013-11-01,2013-11-02,1,Ann Lee,2',
      '2013-11-01,2013-11-02,2,Bo,1',
      '2013-11-01,2013-11-02,3,Cy Ray,0',
      '',
    ])
  })

  test('chats: one representative; one that there is not', async () => {
    const chats = ['report', 'chats', ...PERIOD, '--representative']
    expect((await run(...chats, '1', '--json')).json().result).toMatchObject({
      representativeId: '1',
      rows: [{ representativeId: '1', representative: 'Ann Lee', totalChats: 2 }],
      totalChats: 2,
    })
    expect((await run(...chats, '3', '--json')).json().result.totalChats).toBe(0)
    const { status, stdout, stderr } = await run(...chats, '4')
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr).toContain('error: there is no representative 4\n')
  })

  test('a page in a file; a folder that is not there', async () => {
    const orders = ['report', 'orders', ...PERIOD, '--format', 'html', '--out']
    expect((await run(...orders, 'page.html')).stdout).toBe(`wrote ${join(folder, 'page.html')}\n`)
    expect(await readFile(join(folder, 'page.html'), 'utf8')).toMatch(
      /^<!doctype html>.*1,050\.50.*<\/html>\n$/s,
    )
    const { status, stderr } = await run(...orders, 'nowhere/page.html')
    expect(status).toBe(2)
    expect(stderr).toContain('why:  its folder is not there')
    const folderThere = await run(...orders, '.')
    expect(folderThere.status).toBe(2)
    expect(folderThere.stderr).toContain('it is there, and is not a file')
  })

  test('what stands in the way is said with what to do', async () => {
    const refused = async (env: Record<string, string>, ...args: string[]): Promise<string> => {
      const { status, stdout, stderr } = await runEcomdb(['report', 'orders', ...args], {
        env: { ...environment, ...env },
      })
      expect(stdout).toBe('')
      return `${status} ${stderr}`
    }
    expect(await refused({}, '--from', '2013-11-31', '--to', '2013-12-01')).toContain(
      '2 error: --from is not a date: "2013-11-31"',
    )
    expect(await refused({}, '--from', '2013-12-02', '--to', '2013-12-01')).toContain(
      'did you mean --from 2013-12-01 --to 2013-12-02?',
    )
    const root = { ECOMDB_USER: 'root' }
    expect(await refused({ ...root, ECOMDB_DATABASE: 'mysql' }, ...PERIOD)).toMatch(
      /^78 error: there is no procedure order_performance in the database mysql\n[\s\S]*provision apply/,
    )
    expect(await refused({ ...root, ECOMDB_DATABASE: 'not_there' }, ...PERIOD)).toMatch(
      /^78 [\s\S]*Unknown database 'not_there'[\s\S]*provision apply/,
    )
    expect(await refused({ ECOMDB_DATABASE: 'mysql' }, ...PERIOD)).toMatch(/^21 /)
    expect(await refused({ ECOMDB_SOCKET: '/nowhere.sock' }, ...PERIOD)).toMatch(/^20 /)
  })

  test('the diagram of the whole schema is the same as ever', async () => {
    environment['ECOMDB_USER'] = 'root'
    const { stdout } = await run('schema', 'diagram', '--format', 'dot')
    const stable = stdout
      .replaceAll(database, 'shop')
      .replace(/(mysql|mariadb) \d[\d.]*/, '$1 VERSION')
    await expect(stable).toMatchFileSnapshot(`../golden/${family}/shop-schema.dot`)

    const { result } = (await run('schema', 'diagram', '--out', 'shop.svg', '--json')).json()
    expect(result).toMatchObject({ database, views: 3, foreignKeys: 10, format: 'svg' })
    expect(await readFile(join(folder, 'shop.svg'), 'utf8')).toContain('order_item_refunds')
  })
})
