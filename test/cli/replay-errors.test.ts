import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { LoggedShop, startLogged } from '#test/logged-shop'
import { makeFolder } from '#test/temporary'

const STATE = "SELECT GROUP_CONCAT(CONCAT(i, '=', j) ORDER BY i) FROM shop."

describe.each(SLOW_TEST_ENGINES)('%s: errors of a log, and of its replay', family => {
  let folder: string
  let shop: LoggedShop

  beforeAll(async () => {
    folder = await makeFolder()
    shop = await LoggedShop.make(family, folder, ['--binlog-format=MIXED'])
    await shop.run(
      ...['CREATE DATABASE shop', 'CREATE TABLE shop.t (i INT PRIMARY KEY, j INT) ENGINE = InnoDB'],
      ...['CREATE TABLE shop.half (i INT PRIMARY KEY, j INT) ENGINE = MyISAM'],
      // They lie otherwise in the restored table: in the order of their key.
      'INSERT INTO shop.half VALUES (3, 1), (1, 1), (2, 1)',
      'INSERT INTO shop.t VALUES (1, 1)',
    )
    const backup = await shop.ecomdb(['backup', 'logical', '--quiet'])
    expect(backup.status, backup.stderr).toBe(0)
  })

  afterAll(async () => {
    await shop?.stop()
    for (const name of ['early', 'late', 'last']) {
      await shop?.engine.scratchServers.remove(join(folder, name))
    }
    await rm(folder, { recursive: true, force: true })
  })

  async function moment(): Promise<string> {
    const set = family === 'mysql' ? '@@gtid_executed' : '@@gtid_binlog_pos'
    return String(await shop.value(`SELECT ${set}`)).replaceAll('\n', '')
  }

  const twoPhases = (name: string, end: string, ...statements: string[]): string[] => [
    ...[`XA START '${name}'`, ...statements],
    ...[`XA END '${name}'`, `XA PREPARE '${name}'`, `XA ${end} '${name}'`],
  ]

  test('XA that found no row to change is taken; rows that were half changed are a finding', async () => {
    const finds = (j: number): string => `UPDATE shop.t SET j = j + 10 WHERE j = ${j}`
    await shop.run(
      ...twoPhases('a', 'COMMIT', finds(9)),
      ...twoPhases('b', 'ROLLBACK', finds(9)),
      ...twoPhases('c', 'COMMIT', finds(1)),
      ...twoPhases('d', 'ROLLBACK', finds(11)),
      ...twoPhases('e', 'COMMIT', finds(9), 'INSERT INTO shop.t VALUES (2, 2)'),
    )
    // Of rows that a statement has itself it is the same part.
    await expect(shop.run('INSERT INTO shop.half VALUES (8, 1), (9, 1), (2, 2)')).rejects.toThrow()
    const early = await moment()
    const rows = [await shop.value(`${STATE}t`), await shop.value(`${STATE}half`)]
    await expect(shop.run('UPDATE shop.half SET i = 50 WHERE j = 1')).rejects.toThrow()
    const late = await moment()
    // As a row, which is not there in the other table.
    await shop.run("SET binlog_format = 'ROW'", 'DELETE FROM shop.half WHERE i = 1')
    const gone = await moment()
    const once = await shop.ecomdb(['backup', 'binlog', '--once'])
    expect(once.status, once.stderr).toBe(0)

    const target = await startLogged(shop.engine, join(folder, 'early'), ['--binlog-format=MIXED'])
    const before = await shop.ecomdb(
      ['restore', '--gtid', early, '--confirm', 'shop', '--binlog'],
      target,
    )
    expect(before.status, before.stdout + before.stderr).toBe(0)
    // Replicas of this server have not the source's settings by which a statement gives the same.
    const logged = await shop.rows('SHOW BINLOG EVENTS', target)
    const texts = logged.map(event => `${event['Event_type']} ${event['Info']}`).join('\n')
    expect(texts).toMatch(/^Table_map .*shop\.half/m)
    expect(texts).not.toMatch(/^Query.* (?:UPDATE|INSERT INTO) shop\.(?:t|half)/m)
    expect([
      await shop.value(`${STATE}t`, target),
      await shop.value(`${STATE}half`, target),
    ]).toEqual(rows)
    const other = await startLogged(shop.engine, join(folder, 'late'))
    const after = await shop.ecomdb(['restore', '--gtid', late, '--confirm', 'shop'], other)
    expect([after.status, after.stdout], after.stderr).toEqual([
      3,
      expect.stringMatching(
        /FINDING: 1 statement of the log ended with an error on the source when/,
      ),
    ])
    const third = await startLogged(shop.engine, join(folder, 'last'))
    const refused = await shop.ecomdb(['restore', '--gtid', gone, '--confirm', 'shop'], third)
    expect([refused.status, refused.stderr]).toEqual([
      30,
      expect.stringMatching(/hint: it may come of this, which was found before: 1 statement of/),
    ])
  })
})
