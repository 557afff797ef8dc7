import { cp, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { packageRoot } from '#core/paths'
import type { EngineFamily } from '#domain/engine-family'
import type { Session } from '#engine/session'
import { runEcomdb } from '#test/cli'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { startOwnServer } from '#test/own-server'

// Three folders play the hosts of docs/hosts.md, on a server whose schemas are nobody's shop; the account is
// the documented one, by the documented statement.

test.each(SLOW_TEST_ENGINES)(
  '%s: a host that backs up with the documented rights, one that keeps, one that restores',
  async family => {
    const { engine, server, folder, remove } = await startOwnServer(family)
    try {
      const admin = await engine.connect({ ...server.administrator, database: undefined })
      if (family === 'mysql') await admin.run("INSTALL PLUGIN clone SONAME 'mysql_clone.so'")
      await makeSchemas(admin)
      for (const statement of await documentedAccount(family)) await admin.run(statement)
      await admin.close()
      const on = (host: string, ...args: string[]) =>
        runEcomdb(args, { cwd: join(folder, host), env: { ECOMDB_STATE: join(folder, 'state') } })
      await databaseHost(folder, on, server.socketPath)
      await otherHosts(folder)
      await keepAndRestore(on, server.socketPath)
    } finally {
      await remove()
    }
  },
)

type Run = (host: string, ...args: string[]) => ReturnType<typeof runEcomdb>

async function databaseHost(folder: string, on: Run, socketPath: string): Promise<void> {
  await mkdir(join(folder, 'database'))
  await writeFile(join(folder, 'database/password'), 'Take-another-1\n', { mode: 0o600 })
  const account = ['--user', 'ecomdb_backup', '--password-file', 'password', '--database', 'hr']
  const place = ['--runs-on', 'database', '--target', '../repository', '--socket', socketPath]
  const init = await on('database', 'init', '--yes', ...place, ...account)
  expect(init.status, init.stderr).toBe(0)
  for (const host of ['vault', 'drill', 'offline'])
    await mkdir(join(folder, host, 'keys'), { recursive: true })
  const takeAway = join(folder, 'database/take-away')
  await rename(
    join(takeAway, 'operations.identity'),
    join(folder, 'drill/keys/operations.identity'),
  )
  await rename(join(takeAway, 'escrow.identity'), join(folder, 'offline/escrow.identity'))
  const looked = (await on('database', 'doctor', '--json')).json().result.findings
  const bad = looked.filter((one: { status: string }) => ['warn', 'fail'].includes(one.status))
  expect(bad.map((one: { subject: string }) => one.subject)).toEqual(['right to delete'])
  for (const kind of [['logical'], ['binlog', '--once'], ['physical']]) {
    const done = await on('database', 'backup', ...kind, '--json')
    expect(done.status, done.stdout).toBe(0)
    expect(done.json().warnings).toEqual([])
  }
}

async function otherHosts(folder: string): Promise<void> {
  const text = await readFile(join(folder, 'database/ecomdb.yaml'), 'utf8')
  const signer = /ed25519:\S+/.exec(text)?.[0]
  for (const host of ['vault', 'drill']) {
    await cp(join(folder, 'database/keys/signing.key'), join(folder, host, 'keys/signing.key'))
    const lines = [
      `runs_on: ${host}`,
      'target: { directory: ../repository, media: disk }',
      'keys:',
      '  signing_key_file: keys/signing.key',
      `  trusted_signers: ["${signer}"]`,
      ...(host === 'drill' ? ['  identity_files: [keys/operations.identity]'] : []),
    ]
    await writeFile(join(folder, host, 'ecomdb.yaml'), `${lines.join('\n')}\n`)
  }
}

async function keepAndRestore(on: Run, socketPath: string): Promise<void> {
  for (const host of ['vault', 'drill']) {
    const looked = await on(host, 'doctor', '--json')
    expect(looked.status, looked.stdout).toBe(0)
    const skipped = looked
      .json()
      .result.findings.filter((one: { status: string }) => one.status === 'skip')
    expect(skipped.map((one: { subject: string }) => one.subject)).toEqual(['server', 'recipients'])
    const { lines } = (await on(host, 'status', '--json')).json().result
    expect(lines.find((one: { key: string }) => one.key === 'keys')).toMatchObject({
      state: 'ok',
      detail: 'the newest backup opens with any of 2 keys',
    })
    expect(lines.find((one: { key: string }) => one.key === '3-2-1-1-0').detail).toMatch(
      /^not met: 3 copies.*, 0 errors \(.*never drilled/,
    )
  }
  expect((await on('vault', 'backup', 'verify', '--all')).status).toBe(0)
  const { page } = (await on('vault', 'runbook', '--json')).json().result
  expect(page.match(/^ {3}- `age1\w+`$/gm)).toHaveLength(2)
  const [logical] = (await on('drill', 'backup', 'list', '--json')).json().result.snapshots
  const drilled = await on('drill', 'drill', logical.snapshotId, '--any-moment', '--json')
  expect(drilled.status, drilled.stdout).toBe(0)
  for (const method of ['physical', 'logical']) {
    const turn = await on('drill', 'drill', '--turn', '--json')
    expect([turn.status, turn.json().result.method], turn.stdout).toEqual([0, method])
  }
  // The newest snapshot is of files: rows come from the newest that has them.
  const beside = ['--table', 'hr.dept', '--into', 'hr_then', '--confirm', 'hr_then', '--json']
  const restored = await on(
    'drill',
    'restore',
    'latest',
    ...beside,
    '--socket',
    socketPath,
    '--user',
    'root',
  )
  expect(restored.status, restored.stdout).toBe(0)
  expect(restored.json()).toMatchObject({
    result: { snapshotId: logical.snapshotId },
    warnings: [expect.stringContaining('a physical one is newer')],
  })
}

/** Of docs/backup.md, word for word. */
async function documentedAccount(family: EngineFamily): Promise<string[]> {
  const text = await readFile(join(packageRoot(), 'docs/backup.md'), 'utf8')
  const block = new RegExp(`^\`\`\`sql ${family}\n([^\`]*)\`\`\`$`, 'm').exec(text)?.[1] ?? ''
  const statements = block.split(';').filter(statement => statement.trim() !== '')
  expect(statements).toHaveLength(2)
  return statements
}

async function makeSchemas(session: Session): Promise<void> {
  for (const sql of [
    'CREATE DATABASE hr',
    'CREATE DATABASE `lab-data`',
    'CREATE TABLE hr.dept (id INT PRIMARY KEY, name VARCHAR(80))',
    "INSERT INTO hr.dept VALUES (1, 'Räume'), (2, 'Büro')",
    'CREATE TABLE `lab-data`.old (k INT, v TEXT) ENGINE=InnoDB',
    "INSERT INTO `lab-data`.old VALUES (1, 'a')",
    'CREATE VIEW hr.names AS SELECT name FROM hr.dept',
    'CREATE PROCEDURE hr.count_them() SELECT COUNT(*) FROM hr.dept',
    'CREATE TRIGGER hr.trimmed BEFORE INSERT ON hr.dept FOR EACH ROW SET NEW.name = TRIM(NEW.name)',
    'CREATE EVENT hr.hourly ON SCHEDULE EVERY 1 HOUR DO DELETE FROM hr.dept WHERE id < 0',
  ]) {
    await session.run(sql)
  }
}
