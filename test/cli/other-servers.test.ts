import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { quoteString } from '#engine/quote'
import { TEST_ENGINES } from '#test/engines'
import { PhysicalShop } from '#test/physical-shop'

// MySQL turns FEDERATED off by itself, and does not say that it has transactions.
describe.runIf(TEST_ENGINES.includes('mariadb'))('mariadb: a table whose rows are live', () => {
  let shop: PhysicalShop

  beforeAll(async () => {
    shop = await PhysicalShop.make('mariadb')
    const { session, server } = shop
    const socket = quoteString(server.administrator.socketPath ?? '')
    for (const sql of [
      "INSTALL SONAME 'ha_federatedx'",
      'CREATE DATABASE live',
      'CREATE TABLE live.orders (id INT NOT NULL)',
      'INSERT INTO live.orders VALUES (1), (2)',
      `CREATE SERVER live FOREIGN DATA WRAPPER mysql OPTIONS (SOCKET ${socket}, DATABASE 'live', USER 'keeper')`,
      "CREATE TABLE bank.federated (id INT NOT NULL) ENGINE=FEDERATED CONNECTION='live/orders'",
      'CREATE VIEW bank.first AS SELECT * FROM bank.federated',
      'CREATE VIEW bank.second AS SELECT * FROM bank.first',
      'CREATE FUNCTION bank.amount() RETURNS INT READS SQL DATA RETURN (SELECT COUNT(*) FROM federated)',
      'CREATE FUNCTION bank.twice() RETURNS INT READS SQL DATA RETURN 2 * amount()',
      'CREATE VIEW bank.called AS SELECT bank.twice() AS n',
    ])
      await session.run(sql)
  })

  afterAll(async () => {
    await shop.remove()
  })

  test('is refused by a backup of rows', async () => {
    const made = await shop.ecomdb('backup', 'logical')
    expect([made.status, made.stderr]).toEqual([
      78,
      expect.stringContaining('bank.federated (FEDERATED)'),
    ])
  })

  test('is left out by a drill of data files, with the views that read it', async () => {
    const made = await shop.ecomdb('backup', 'physical', '--json')
    expect(made.status, made.stderr).toBe(0)
    // What a drill reads now would not be what the snapshot has.
    await shop.session.run('INSERT INTO live.orders VALUES (3)')
    const drill = await shop.ecomdb('drill', '--json')
    expect(drill.status, drill.stderr + drill.stdout).toBe(0)
    const { checks } = drill.json().result
    expect(checks.find(({ name }: { name: string }) => name === 'other-servers')).toMatchObject({
      outcome: 'unchecked',
      summary: expect.stringMatching(/: bank\.federated, bank\.first, bank\.second$/),
    })
    expect(checks.find(({ name }: { name: string }) => name === 'answers').summary).toMatch(
      /; not bank\.called, where a function that is called names what is not read here$/,
    )
    expect(await shop.session.value('SELECT COUNT(*) FROM live.orders')).toBe('3')
  })

  test('is not written by a replay into data files', async () => {
    const archive = async (): Promise<void> => {
      const { status, stderr } = await shop.ecomdb('backup', 'binlog', '--once')
      expect(status, stderr).toBe(0)
    }
    await archive()
    await shop.session.run('INSERT INTO bank.federated VALUES (4)')
    await archive()
    const moment = String(await shop.session.value('SELECT @@gtid_binlog_pos'))
    const count = await shop.session.value('SELECT COUNT(*) FROM live.orders')
    const restored = await shop.ecomdb('restore', '--gtid', moment, '--data-dir', 'files')
    expect(await shop.session.value('SELECT COUNT(*) FROM live.orders')).toBe(count)
    expect(restored.status, restored.stdout).toBe(30)
    expect(restored.stderr).toContain("Unknown storage engine 'FEDERATED'")
  })
})
