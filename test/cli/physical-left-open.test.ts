import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TEST_ENGINES } from '#test/engines'
import { PhysicalShop } from '#test/physical-shop'

const FULL = ['backup', 'physical', '--json']

describe.each(TEST_ENGINES)('%s: ecomdb backup physical', family => {
  let shop: PhysicalShop

  beforeAll(async () => {
    shop = await PhysicalShop.make(family)
  })

  afterAll(async () => {
    await shop.remove()
  })

  test('a table without a tablespace is told by name, and a drill reads the others', async () => {
    const { session } = shop
    for (const sql of [
      'CREATE TABLE bank.`no file/ä` (id INT PRIMARY KEY) ENGINE = InnoDB',
      'CREATE TABLE bank.parted (id INT) ENGINE = InnoDB PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (9))',
      'CREATE VIEW bank.`on it` AS SELECT * FROM bank.`no file/ä`',
      'CREATE FUNCTION bank.amount() RETURNS INT READS SQL DATA RETURN (SELECT COUNT(*) FROM `no file/ä`)',
      'CREATE VIEW bank.called AS SELECT bank.amount() AS n',
      'ALTER TABLE bank.`no file/ä` DISCARD TABLESPACE',
    ])
      await session.run(sql)
    const made = await shop.ecomdb(...FULL)
    expect(made.status, made.stderr).toBe(3)
    expect(made.json().result.findings).toEqual([
      expect.stringContaining('table bank.no file/ä has no data file'),
    ])
    const drill = await shop.ecomdb('drill', '--json')
    expect(drill.status, drill.stderr + drill.stdout).toBe(0)
    const { checks } = drill.json().result
    expect(checks.find(({ name }: { name: string }) => name === 'no-file')).toMatchObject({
      outcome: 'unchecked',
      summary: expect.stringContaining('bank.no file/ä'),
    })
    expect(checks.find(({ name }: { name: string }) => name === 'tables').summary).toMatch(
      /of 4 tables read in full/,
    )
    const proved = await shop.ecomdb('restore', 'latest', '--data-dir', 'proved', '--prove')
    expect(proved.status, proved.stderr).toBe(0)
    expect(proved.stdout).toMatch(/^no-file +not checked .*: bank\.no file\/ä, bank\.on it$/m)
    expect(proved.stdout).toMatch(/^answers +ok .*; not bank\.called, where a function/m)
    expect(proved.stdout).toMatch(/^tables +ok .* of 4 tables read in full/m)
    const ofRows = await shop.ecomdb('backup', 'logical')
    expect([ofRows.status, ofRows.stderr]).toEqual([
      30,
      expect.stringMatching(/no file\/ä(?:.|\n)*hint: .*DROP TABLE takes it away/),
    ])
    await session.run('DROP VIEW bank.`on it`, bank.called')
    await session.run('DROP TABLE bank.`no file/ä`')
    expect((await shop.ecomdb(...FULL)).status).toBe(0)
  })

  test('an XA transaction that stays prepared is told, and by a restore of the files', async () => {
    const other = await shop.engine.connect(shop.server.administrator)
    for (const sql of [
      "XA START 'forgotten'",
      'UPDATE bank.accounts SET balance = balance - 1 WHERE id = 1',
      "XA END 'forgotten'",
      "XA PREPARE 'forgotten'",
    ])
      await other.run(sql)
    await other.close()
    const made = await shop.ecomdb(...FULL)
    expect(made.status, made.stderr).toBe(3)
    const told = '1 XA transaction prepared, and neither committed nor rolled back'
    expect(made.json().result.findings).toEqual([expect.stringContaining(told)])
    await shop.engine.scratchServers.claim(`${shop.folder}/restored`)
    const restored = await shop.ecomdb('restore', 'latest', '--data-dir', 'restored/data')
    expect(restored.status, restored.stderr).toBe(0)
    expect(restored.stderr).toContain(told)
    await shop.onRestored('restored', async on => {
      expect(await on.rows('XA RECOVER')).toHaveLength(1)
    })
    await shop.session.run("XA ROLLBACK 'forgotten'")
  })

  if (family === 'mysql') {
    test('persisted variables are among the files', async () => {
      await shop.session.run('SET PERSIST max_connections = 77')
      await shop.session.run('SET PERSIST_ONLY innodb_ft_min_token_size = 2')
      const made = await shop.ecomdb(...FULL)
      expect(made.status, made.stderr).toBe(0)
      expect((await shop.ecomdb('drill')).status).toBe(0)
      const restored = await shop.ecomdb('restore', 'latest', '--data-dir', 'persisted')
      expect(restored.status, restored.stderr).toBe(0)
      // Private servers are started with --no-defaults, and do not read it.
      const [there, here] = await Promise.all(
        [`${shop.server.folder}/data`, `${shop.folder}/persisted`].map(folder =>
          readFile(`${folder}/mysqld-auto.cnf`, 'utf8'),
        ),
      )
      expect(here).toContain('"innodb_ft_min_token_size"')
      expect(here).toBe(there)
    })
  }
})
