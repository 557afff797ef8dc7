import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engineFor } from '#cli/wire'
import type { Engine } from '#engine/engine'
import type { Session } from '#engine/session'
import { type CliResult, runEcomdb } from '#test/cli'
import { TEST_ENGINES } from '#test/engines'
import { buildStage } from '#test/shop-history'
import { makeFolder } from '#test/temporary'

interface PlanDocument {
  stage: { stage: number } | null
  versions: { version: number; state: string }[]
  findings: { object: string; difference: string }[]
  steps: { kind: string; version: number | null; sql: string }[]
}

describe.each(TEST_ENGINES)('%s: ecomdb provision', family => {
  let folder: string
  let engine: Engine
  let root: Session
  let environment: Record<string, string>
  const run = (args: string[], env: Record<string, string> = {}): Promise<CliResult> =>
    runEcomdb(args, { env: { ...environment, ...env }, cwd: folder })
  const planOf = (result: CliResult): PlanDocument => result.json().result

  beforeAll(async () => {
    // Accounts and the general log are the whole server's, so this one is the test's own.
    folder = await makeFolder()
    engine = await engineFor(family)
    const server = await engine.scratchServers.start({
      folder: join(folder, 'server'),
      tcp: false,
      purpose: 'sandbox',
      serverOptions: ['--log-output=TABLE'],
    })
    root = await engine.connect(server.administrator)
    await root.run('CREATE DATABASE old')
    const old = await engine.connect({ ...server.administrator, database: 'old' })
    await buildStage(old, 8)
    await old.close()
    environment = { ECOMDB_SOCKET: server.socketPath, ECOMDB_USER: 'root', ECOMDB_DATABASE: 'shop' }
  })

  afterAll(async () => {
    await root?.close()
    await engine.scratchServers.remove(join(folder, 'server'))
    await rm(folder, { recursive: true, force: true })
  })

  test('plan prints what apply then sends, word for word, and changes nothing itself', async () => {
    const old = { ECOMDB_DATABASE: 'old' }
    const text = await run(['provision', 'plan'], old)
    expect(text.status).toBe(0)
    expect(text.stdout).toContain('stage 8 (chats_handled')
    expect(text.stdout).toContain('DROP TRIGGER insert_new_orders;')
    const { stage, steps } = planOf(await run(['provision', 'plan', '--json'], old))
    expect(stage?.stage).toBe(8)
    for (const { sql } of steps) expect(text.stdout).toContain(`${sql};`)

    await root.run('SET GLOBAL general_log = ON')
    const applied = await run(['provision', 'apply', '--json'], old)
    await root.run('SET GLOBAL general_log = OFF')
    expect(applied.json().result).toMatchObject({ statements: steps.length, steps, adopted: 8 })
    const log = await root.rows<{ argument: string | Buffer }>(
      "SELECT CONVERT(argument USING utf8mb4) AS argument FROM mysql.general_log WHERE command_type = 'Query' ORDER BY event_time",
    )
    const changes = log
      .map(({ argument }) => String(argument))
      .filter(sql => /^(CREATE|ALTER|DROP|GRANT|REVOKE|INSERT|UPDATE|DELETE)\b/i.test(sql))
      // The journal's own entries are written around the statements.
      .filter(sql => !/`ecomdb_(migration|object)`/.test(sql))
    // The server itself puts a mark in the place of the hash in the log.
    const comparable = (sql: string): string =>
      sql.startsWith('CREATE USER') ? sql.slice(0, 40) : sql
    expect(changes.map(comparable)).toEqual(steps.map(({ sql }) => comparable(sql)))
  })

  test('status, apply, status: from nothing to up to date, and nothing to do after', async () => {
    const before = await run(['provision', 'status'])
    expect(before.status).toBe(0)
    expect(before.stdout).toContain('nothing of the shop is there yet')
    expect(before.stdout).toContain('run `ecomdb provision plan`, then `ecomdb provision apply`')

    const applied = await run(['provision', 'apply', '--secrets', 'secrets'])
    expect(applied.status, applied.stderr).toBe(0)
    expect(applied.stdout).toContain('shop is up to date')
    for (const role of ['backup', 'loader', 'admin']) {
      const file = join(folder, 'secrets', `ecomdb_${role}.password`)
      expect((await stat(file)).mode & 0o777).toBe(0o600)
      expect(applied.stdout + applied.stderr).not.toContain((await readFile(file, 'utf8')).trim())
    }
    const again = await run(['provision', 'apply', '--secrets', 'secrets'])
    expect(again.status).toBe(0)
    expect(again.stdout).toBe('nothing to do: shop is up to date\n')

    const after = await run(['provision', 'status', '--json', '--secrets', 'secrets'])
    expect(after.status).toBe(0)
    expect(planOf(after)).toMatchObject({ stage: null, findings: [], steps: [] })
    expect(planOf(after).versions.every(({ state }) => state === 'done')).toBe(true)
    expect((await run(['provision', 'status'])).stdout).toMatch(/\nup to date\n$/)
  })

  test('the loader loads, and the backup account backs up at one point, with their own passwords', async () => {
    const as = (role: string): Record<string, string> => ({
      ECOMDB_USER: `ecomdb_${role}`,
      ECOMDB_PASSWORD_FILE: join(folder, 'secrets', `ecomdb_${role}.password`),
    })
    const head = 'order_item_id,created_at,order_id,price_usd,cogs_usd,website_session_id'
    await writeFile(
      join(folder, 'items.csv'),
      `${head}\n1,"2012-03-19 10:42:46",1,49.99,19.49,20\n2,"2012-03-19 19:27:37",2,49.99,19.49,104\n`,
    )
    const loaded = await run(['load', 'items.csv', '--json'], as('loader'))
    expect(loaded.status, loaded.stdout + loaded.stderr).toBe(0)
    expect(await root.value('SELECT COUNT(*) FROM shop.orders')).toBe('2')
    await writeFile(
      join(folder, 'items.csv'),
      `${head}\n2,"2012-03-19 19:27:37",2,39.99,19.49,104\n`,
    )
    const replace = ['load', 'items.csv', '--on-conflict', 'replace', '--json']
    const replaced = await run(replace, as('loader'))
    expect(replaced.status, replaced.stdout + replaced.stderr).toBe(0)
    expect(await root.value('SELECT price_usd FROM shop.orders WHERE order_id = 2')).toBe('39.99')

    const target = { ECOMDB_TARGET: join(folder, 'repository') }
    const made = await run(['init', '--yes', '--folder', 'site', '--json'], {
      ...target,
      ...as('backup'),
    })
    expect(made.status, made.stdout + made.stderr).toBe(0)
    const config = {
      ...target,
      ...as('backup'),
      ECOMDB_CONFIG: join(folder, 'site', 'ecomdb.yaml'),
    }
    const backup = await run(['backup', 'logical', '--json'], config)
    expect(backup.status, backup.stdout + backup.stderr).toBe(0)
    const { proof, accounts } = backup.json().result
    expect(proof.method).toBe(family === 'mysql' ? 'lock-tables' : 'backup-stage')
    // The fence against DDL needs BACKUP_ADMIN.
    if (family === 'mysql') expect(JSON.stringify(proof)).toContain('LOCK INSTANCE FOR BACKUP')
    expect(accounts).toBeGreaterThanOrEqual(4)
    expect(backup.json().warnings.filter(warning => warning.includes('shop.'))).toEqual([])
  })

  test('drift: status and plan exit with 3 and name it, apply refuses and changes nothing', async () => {
    await root.run('ALTER TABLE shop.users MODIFY last_name VARCHAR(60) NULL')
    const status = await run(['provision', 'status'])
    expect(status.status).toBe(3)
    expect(status.stdout).toContain('drift: table users: expected `last_name` varchar(50)')
    expect(status.stdout).toContain('apply refuses until this is put right')
    expect((await run(['provision', 'plan', '--json'])).json()).toMatchObject({ status: 3 })
    const apply = await run(['provision', 'apply'])
    expect(apply.status).toBe(3)
    expect(apply.stderr).toContain('code: SCHEMA_DRIFT (exit 3)')
    expect(apply.stderr).toContain('hint: run `ecomdb provision status` to see all of it')
    await root.run('ALTER TABLE shop.users MODIFY last_name VARCHAR(50) NULL')
    expect((await run(['provision', 'status'])).status).toBe(0)
  })

  test('a second run: exit 11, and who holds the lock', async () => {
    const holder = await engine.provisioner.connect({ ...root.options, database: 'shop' })
    await engine.provisioner.lock(holder, 'shop')
    const refused = await run(['provision', 'apply'])
    expect(refused.status).toBe(11)
    expect(refused.stderr).toContain(`connection ${holder.connectionId} of 'root'`)
    await holder.close()
  })

  test('an account without the rights: exit 21, and the shop is as it was', async () => {
    await root.run("CREATE USER visitor@localhost IDENTIFIED BY 'x-Visitor-1'")
    const visitor = { ECOMDB_USER: 'visitor', ECOMDB_PASSWORD: 'x-Visitor-1' }
    const refused = await run(['provision', 'apply'], { ...visitor, ECOMDB_DATABASE: 'mine' })
    expect(refused.status, refused.stderr).toBe(21)
    expect(refused.stderr).not.toContain('x-Visitor-1')
    await root.run('DROP USER visitor@localhost')
  })
})
