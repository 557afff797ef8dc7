import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engineFor } from '#cli/wire'
import { loadHardenPolicy } from '#config/harden-policy-file'
import { systemClock } from '#core/clock'
import { EcomdbError } from '#core/errors'
import { silentProgress } from '#core/progress'
import { readSecretFile } from '#core/secret-file'
import type { Engine } from '#engine/engine'
import type { RunningServer } from '#engine/scratch-server'
import type { Session } from '#engine/session'
import { TEST_ENGINES } from '#test/engines'
import { logWords } from '#test/log-words'
import { makeFolder } from '#test/temporary'
import { lookAt } from '#workflow/harden/check-hardening'
import { applyProvision } from '#workflow/provision/apply-provision'
import { type ProvisionOptions, planProvision } from '#workflow/provision/plan-provision'

const ITEM = "'2014-01-01 10:00:00', 5, 10.00, 1.00, 50, 1, 1"

const PLUGINS = ['simple_password_check', 'password_reuse_check']

/** What each account must be able to do, and what it must not. */
const RIGHTS: Readonly<Record<string, { may: string[]; mayNot: string[] }>> = {
  backup: {
    may: [
      'SELECT * FROM shop.chat_messages',
      'SHOW CREATE PROCEDURE shop.order_performance',
      'SHOW CREATE TRIGGER shop.order_items_after_insert',
      'SHOW CREATE VIEW shop.monthly_volume',
      'SHOW EVENTS FROM shop',
      'SELECT User FROM mysql.user',
      'SHOW PROCESSLIST',
      'FLUSH TABLES WITH READ LOCK',
      'UNLOCK TABLES',
      'LOCK TABLES shop.orders READ',
      'UNLOCK TABLES',
      'CALL shop.order_performance("2014-01-01", "2014-01-31")',
    ],
    mayNot: [
      'INSERT INTO shop.products VALUES (9, NOW(), "x")',
      'UPDATE shop.orders SET price_usd = 0',
      'DELETE FROM shop.order_items',
      'DROP TABLE shop.products',
      'CREATE USER x@localhost',
      'SET GLOBAL max_connections = 5',
      'CREATE TABLE shop.mine (a INT)',
    ],
  },
  loader: {
    may: [
      `INSERT INTO shop.order_items VALUES (100, ${ITEM})`,
      'UPDATE shop.order_items SET price_usd = 11.00 WHERE order_item_id = 100',
      'SELECT * FROM shop.website_sessions',
      'CREATE TABLE shop.ecomdb_load (load_id INT)',
      'INSERT INTO shop.ecomdb_load VALUES (1)',
    ],
    mayNot: [
      'SELECT * FROM shop.orders',
      'INSERT INTO shop.orders VALUES (9, NOW(), 1, 1, 1, 1, 1)',
      'DELETE FROM shop.order_items',
      'DROP TABLE shop.ecomdb_load',
      'CREATE TABLE shop.other (a INT)',
      'SELECT * FROM shop.ecomdb_migration',
      'SELECT User FROM mysql.user',
    ],
  },
  admin: {
    may: [
      'CREATE USER someone@localhost',
      'GRANT SELECT ON shop.monthly_volume TO someone@localhost',
      'GRANT EXECUTE ON PROCEDURE shop.order_performance TO someone@localhost',
      'CREATE ROLE analyst',
      'GRANT analyst TO someone@localhost',
      'DROP USER someone@localhost',
      'SELECT User FROM mysql.user',
    ],
    mayNot: [
      'UPDATE shop.chat_messages SET message_text = "edited"',
      'INSERT INTO shop.orders VALUES (9, NOW(), 1, 1, 1, 1, 1)',
      'DROP TRIGGER shop.order_items_after_insert',
      'CREATE DEFINER = root@localhost VIEW shop.mine AS SELECT 1',
      'SET GLOBAL general_log = 1',
      'SET SESSION sql_log_bin = 0',
    ],
  },
}

describe.each(TEST_ENGINES)('%s: ecomdb’s own accounts', family => {
  const naming = { prefix: 'ecomdb', host: 'localhost' }
  let folder: string
  let engine: Engine
  let server: RunningServer
  let root: Session
  let options: ProvisionOptions

  beforeAll(async () => {
    // Accounts belong to the whole server, so this one is the test's own.
    folder = await makeFolder()
    engine = await engineFor(family)
    server = await engine.scratchServers.start({
      folder: join(folder, 'server'),
      tcp: false,
      purpose: 'sandbox',
    })
    const connect = { ...server.administrator, database: 'shop' }
    options = { connect, naming, secretsFolder: join(folder, 'secrets') }
    const { passwordFiles } = await applyProvision(engine, options, silentProgress())
    expect(passwordFiles).toHaveLength(3)
    root = await engine.connect(connect)
  })

  afterAll(async () => {
    await root?.close()
    await engine.scratchServers.remove(join(folder, 'server'))
    await rm(folder, { recursive: true, force: true })
  })

  async function loginAs(role: string): Promise<Session> {
    const file = join(folder, 'secrets', `ecomdb_${role}.password`)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    const password = await readSecretFile(file, 'a password')
    return await engine.connect({ ...server.administrator, user: `ecomdb_${role}`, password })
  }

  test.each(Object.entries(RIGHTS))(
    '%s may do its work, and nothing else',
    async (role, rights) => {
      const session = await loginAs(role)
      for (const statement of rights.may) await session.run(statement)
      await session.run('UNLOCK TABLES')
      for (const statement of rights.mayNot) {
        const code = await session.run(statement).then(
          () => 'it worked',
          (error: EcomdbError) => error.code,
        )
        expect(code, statement).toBe('PRIVILEGE_MISSING')
      }
      await session.close()
    },
  )

  test('who may make accounts can be root on MariaDB, and not on MySQL', async () => {
    await root.run("CREATE USER mighty@localhost IDENTIFIED BY 'Another-password.9'")
    await root.run('GRANT ALL PRIVILEGES ON *.* TO mighty@localhost')
    const admin = await loginAs('admin')
    const outcome = await admin
      .run("ALTER USER mighty@localhost IDENTIFIED BY 'Taken-over.9'")
      .then(
        () => 'it worked',
        (error: EcomdbError) => error.code,
      )
    expect(outcome).toBe(family === 'mysql' ? 'PRIVILEGE_MISSING' : 'it worked')
    await admin.close()
    await root.run('DROP USER mighty@localhost')
  })

  test('harden sees everything as the backup account, and nothing too much of these', async () => {
    const session = await loginAs('backup')
    const policy = await loadHardenPolicy({})
    const options = { connect: server.administrator, policy, clock: systemClock }
    const { report } = await lookAt(engine, session, options)
    const privileges = report.checks.filter(({ id }) => ['H08', 'H09', 'H10', 'H13'].includes(id))
    const found = privileges.flatMap(({ evidence }) => evidence.map(({ subject }) => subject))
    expect(found.filter(subject => subject.startsWith('ecomdb_'))).toEqual([])
    await session.close()
  })

  test('the backup account may fence writers as the engine has it', async () => {
    const session = await loginAs('backup')
    const fences =
      family === 'mysql'
        ? ['LOCK INSTANCE FOR BACKUP', 'UNLOCK INSTANCE', logWords(server.version).status]
        : [
            'BACKUP STAGE START',
            'BACKUP STAGE BLOCK_COMMIT',
            'BACKUP STAGE END',
            'SHOW MASTER STATUS',
          ]
    for (const statement of fences) await session.run(statement)
    await session.close()
  })

  test('triggers run with the definer’s rights whoever inserts; nobody logs in as it', async () => {
    const loader = await loginAs('loader')
    await loader.run(`INSERT INTO shop.order_items VALUES (200, ${ITEM.replace(' 5,', ' 77,')})`)
    expect(await root.value('SELECT items_purchased FROM orders WHERE order_id = 77')).toBe('1')
    await loader.close()
    const refused = await engine
      .connect({ ...server.administrator, user: 'ecomdb_definer' })
      .catch(error => error)
    expect(refused).toMatchObject({ code: 'AUTHENTICATION_REFUSED' })
    const definers = await root.rows<{ definer: string }>(
      `SELECT DISTINCT definer AS definer FROM information_schema.triggers WHERE trigger_schema = 'shop'
       UNION SELECT definer FROM information_schema.routines WHERE routine_schema = 'shop'
       UNION SELECT definer FROM information_schema.views WHERE table_schema = 'shop'`,
    )
    expect(definers.map(row => row.definer)).toEqual(['ecomdb_definer@localhost'])
  })

  test('passwords are nowhere but in their files; a lost right and a lost account come back', async () => {
    const file = join(folder, 'secrets', 'ecomdb_loader.password')
    const password = (await readFile(file, 'utf8')).trim()
    await root.run('DROP USER ecomdb_loader@localhost')
    await root.run('REVOKE PROCESS ON *.* FROM ecomdb_backup@localhost')
    await root.run('ALTER USER ecomdb_definer@localhost ACCOUNT UNLOCK')
    const plan = await planProvision(engine, options)
    const statements = plan.stages.flatMap(({ steps }) => steps.map(step => step.sql))
    expect(statements).toContain("ALTER USER 'ecomdb_definer'@'localhost' ACCOUNT LOCK")
    expect(statements).toContain("GRANT PROCESS ON *.* TO 'ecomdb_backup'@'localhost'")
    expect(statements).toContain(
      "CREATE USER IF NOT EXISTS 'ecomdb_loader'@'localhost' IDENTIFIED BY '********'",
    )
    expect(JSON.stringify(plan)).not.toContain(password)
    await applyProvision(engine, options, silentProgress())
    expect((await readFile(file, 'utf8')).trim()).toBe(password)
    await (await loginAs('loader')).close()
    // Least of all in the binary log, which has the statement that made the account.
    const inFiles = (text: string) =>
      spawnSync('grep', ['-rlaF', '-e', text, join(server.folder, 'data')]).stdout.toString()
    expect(inFiles("CREATE USER IF NOT EXISTS 'ecomdb_loader'@'localhost' IDENTIFIED")).not.toBe('')
    expect(inFiles(password)).toBe('')
    expect((await planProvision(engine, options)).stages).toEqual([])
  })

  test('an account that a run left half made opens, on MariaDB; one that somebody locked is told, and left', async () => {
    const admin = "'ecomdb_admin'@'localhost'"
    const remake = async (password: string) => {
      await root.run(`DROP USER ${admin}`)
      await root.run(`CREATE USER ${admin} IDENTIFIED BY '${password}' ACCOUNT LOCK`)
    }
    const apply = async () => (await applyProvision(engine, options, silentProgress())).notes
    const locked = (...users: string[]) =>
      users.map(
        user =>
          `${user} is locked, by somebody else than ecomdb: it is left so, and its rights were not brought up to date`,
      )
    await root.run('ALTER USER ecomdb_backup@localhost ACCOUNT LOCK')
    await remake('Nobody-has-this.9')
    await root.run('CREATE ROLE helper')
    await root.run(`GRANT helper TO ${admin}`)
    const notes = locked('ecomdb_backup', 'ecomdb_admin')
    expect(await planProvision(engine, options)).toMatchObject({ stages: [], notes })
    await root.run('DROP ROLE helper')
    if (family === 'mysql') expect(await apply()).toEqual(notes)
    else {
      expect(await apply()).toEqual(locked('ecomdb_backup'))
      await (await loginAs('admin')).close()
      // Died one statement later: it has the password, and the server would refuse that.
      for (const plugin of PLUGINS) await root.run(`INSTALL SONAME '${plugin}'`)
      await root.run('SET GLOBAL strict_password_validation = ON')
      await remake(
        (await readFile(join(folder, 'secrets', 'ecomdb_admin.password'), 'utf8')).trim(),
      )
      await apply()
      await (await loginAs('admin')).close()
      for (const plugin of PLUGINS) await root.run(`UNINSTALL SONAME '${plugin}'`)
    }
    await root.run('ALTER USER ecomdb_backup@localhost ACCOUNT UNLOCK')
  })

  test('a password file that others may read is refused, and no account is made', async () => {
    const other = {
      ...options,
      naming: { ...naming, prefix: `o${randomBytes(3).toString('hex')}` },
    }
    const file = join(folder, 'secrets', `${other.naming.prefix}_backup.password`)
    await writeFile(file, 'Open-to-all-9', { mode: 0o644 })
    const error = await applyProvision(engine, other, silentProgress()).catch(reason => reason)
    expect(error).toBeInstanceOf(EcomdbError)
    expect(error.code).toBe('SECRET_MISSING')
    expect(error.message).not.toContain('Open-to-all-9')
    const made = `SELECT COUNT(*) FROM mysql.user WHERE User LIKE '${other.naming.prefix}%'`
    expect(await root.value(made)).toBe('0')
  })
})
