import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { LoggedShop, startLogged } from '#test/logged-shop'
import { makeFolder } from '#test/temporary'

const HELD = `SELECT CONCAT_WS(' ', User, Host, Role, Admin_option) AS one FROM mysql.roles_mapping
   WHERE User NOT LIKE 'ecomdb%' ORDER BY 1`

// MySQL lets those grant any role who may grant one.
describe.runIf(SLOW_TEST_ENGINES.includes('mariadb'))('mariadb: roles of a log', () => {
  let folder: string
  let shop: LoggedShop
  let moment: string[]

  beforeAll(async () => {
    folder = await makeFolder()
    shop = await LoggedShop.make('mariadb', folder, ['--binlog-format=MIXED'])
    await shop.run(
      'CREATE DATABASE shop',
      ...['CREATE USER app@localhost', 'GRANT ALL ON *.* TO app@localhost WITH GRANT OPTION'],
      'CREATE USER ann@localhost',
      ...['CREATE ROLE boss WITH ADMIN app@localhost', 'CREATE ROLE own', 'CREATE ROLE lent'],
      'CREATE ROLE held WITH ADMIN app@localhost',
    )
    await as('app', 'GRANT held TO root@localhost')
    for (const method of ['physical', 'logical']) {
      const backup = await shop.ecomdb(['backup', method, '--quiet'])
      expect(backup.status, backup.stderr).toBe(0)
    }
    await as(
      'app',
      ...['GRANT boss TO ann@localhost', 'CREATE ROLE made', 'GRANT made TO ann@localhost'],
      ...['CREATE ROLE theirs WITH ADMIN CURRENT_USER', 'GRANT theirs TO root@localhost'],
      ...['CREATE ROLE IF NOT EXISTS own', 'CREATE ROLE IF NOT EXISTS late', 'CREATE ROLE gone'],
      ...["SET sql_mode = 'ORACLE'", 'CREATE OR REPLACE ROLE `a b`', "SET sql_mode = ''"],
    )
    await shop.run(
      ...['CREATE ROLE given WITH ADMIN app@localhost', 'CREATE ROLE ours', 'DROP ROLE gone'],
      'REVOKE ADMIN OPTION FOR lent FROM root@localhost',
    )
    await as('app', 'GRANT given TO ann@localhost', 'GRANT held TO ann@localhost')
    moment = ['--gtid', String(await shop.value('SELECT @@gtid_binlog_pos'))]
    const once = await shop.ecomdb(['backup', 'binlog', '--once'])
    expect(once.status, once.stderr).toBe(0)
  })

  afterAll(async () => {
    await shop?.stop()
    await shop?.engine.scratchServers.remove(join(folder, 'target'))
    await rm(folder, { recursive: true, force: true })
  })

  async function as(user: string, ...statements: string[]): Promise<void> {
    const session = await shop.engine.connect({ ...shop.source.administrator, user })
    try {
      for (const statement of statements) await session.run(statement)
    } finally {
      await session.close()
    }
  }

  test('in rows: who has them and may grant them is as on the source', async () => {
    const target = await startLogged(shop.engine, join(folder, 'target'))
    const done = await shop.ecomdb(['restore', ...moment, '--confirm', 'shop'], target)
    expect([done.status, done.stdout], done.stderr).toEqual([
      0,
      expect.not.stringMatching('FINDING'),
    ])
    expect(await shop.rows(HELD, target)).toEqual(await shop.rows(HELD))
    // As the server has it in memory, too.
    const grants = async (server = shop.source) =>
      (await shop.rows('SHOW GRANTS', server)).map(row => Object.values(row)[0]).toSorted()
    expect(await grants(target)).toEqual(await grants())
  })

  test('of a snapshot alone: who restores has no more of them than before', async () => {
    const place = join(folder, 'alone')
    const target = await startLogged(shop.engine, place)
    try {
      const done = await shop.ecomdb(['restore', 'latest', '--confirm', 'shop'], target)
      expect(done.status, done.stderr).toBe(0)
      const own =
        "SELECT Role AS role, Admin_option AS admin FROM mysql.roles_mapping WHERE User = 'root' ORDER BY 1"
      expect(await shop.rows(own, target)).toEqual([
        { role: 'held', admin: 'N' },
        { role: 'lent', admin: 'Y' },
        { role: 'own', admin: 'Y' },
      ])
    } finally {
      await shop.engine.scratchServers.remove(place)
    }
  })

  test('in data files', async () => {
    const data = join(folder, 'files')
    const done = await shop.ecomdb(['restore', ...moment, '--data-dir', data])
    expect([done.status, done.stdout], done.stderr).toEqual([
      0,
      expect.not.stringMatching('FINDING'),
    ])
    await shop.onFiles(data, async server => {
      expect(await shop.rows(HELD, server)).toEqual(await shop.rows(HELD))
    })
  })
})
