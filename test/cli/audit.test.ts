import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { type CliResult, runEcomdb } from '#test/cli'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { administer, sharedServer } from '#test/servers'
import { makeFolder } from '#test/temporary'

const PERIOD = ['--from', '2013-11-01', '--to', '2013-11-02']

/** One table is enough for the command line; the attacks are in test/integration/workflow/audit. */
describe.each(SLOW_TEST_ENGINES)('%s', family => {
  const database = `shop_${randomBytes(4).toString('hex')}`
  const store = `audit_${randomBytes(4).toString('hex')}`
  let folder: string
  let environment: Record<string, string>
  const run = (...args: string[]): Promise<CliResult> =>
    runEcomdb(args, { env: environment, cwd: folder })

  beforeAll(async () => {
    const { server } = await sharedServer(family)
    folder = await makeFolder()
    await mkdir(join(folder, 'anchor'))
    await writeFile(join(folder, 'policy.yaml'), 'tables: [chats]\nwriters: [{user: chat}]\n')
    await writeFile(
      join(folder, 'ecomdb.yaml'),
      `server: {socket: ${server.socketPath}, user: root, database: ${database}}\n` +
        'audit: {policy: policy.yaml, anchors: [{directory: anchor}]}\n',
    )
    environment = { ECOMDB_AUDIT_DATABASE: store, ECOMDB_ACCESS_DATABASE: `${store}_access` }
    await administer(
      family,
      `CREATE DATABASE ${database}`,
      `CREATE TABLE ${database}.chats (id INT PRIMARY KEY, said TEXT) ENGINE = InnoDB`,
      `INSERT INTO ${database}.chats VALUES (1, 'hello'), (2, NULL)`,
    )
  })

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true })
    await administer(
      family,
      `DROP DATABASE IF EXISTS ${database}`,
      `DROP DATABASE IF EXISTS ${store}`,
      `DROP DATABASE IF EXISTS ${store}_access`,
      `DROP USER IF EXISTS ${store}@localhost, ${store}_x@localhost, ${store}_s@localhost`,
    )
  })

  const listed = async (...args: string[]): Promise<Record<string, unknown>[]> =>
    ((await run('audit', 'events', '--json', ...args)).json().result as { events: [] }).events

  /** Who did what when, sealed or not; what the sealer saw; and what ecomdb did. */
  async function showsEvents(): Promise<void> {
    const changes = await listed('--table', 'chats', '--row', '1', '--since', '1h')
    expect(changes).toMatchObject([
      { operation: 'baseline', row: '1', seal: { state: 'sealed', batch: 1 } },
      { operation: 'update', account: 'root@localhost', seal: { state: 'sealed', batch: 2 } },
    ])
    expect(await listed('--actor', 'root', '--operation', 'operation')).toMatchObject([
      { table: 'ecomdb.operation', detail: { command: 'audit install', subject: database } },
    ])
    const account = `${store}_x@localhost`
    const rights = await listed('--operation', 'privilege', '--row', account)
    expect(rights).toMatchObject([
      {
        detail: {
          account,
          what: 'made',
          gained: expect.arrayContaining([`SELECT ON ${database}.chats`]),
        },
      },
    ])
    expect(await listed('--operation', 'login')).toMatchObject([
      { detail: { refused: expect.any(Number) } },
    ])
    expect(await listed('--until', '1h')).toEqual([])
    const text = await run('audit', 'events', '--table', 'chats', '--limit', '1')
    expect(text.stdout).toMatch(
      /^\(older ones[^\n]+\n\d+ {2}\S+ \S+ {2}root@localhost {2}update {2}chats 1 {2}sealed in 2$/m,
    )
    expect((await run('audit', 'events', '--table', 'nothing')).status).toBe(2)
  }

  /** With the finding, and the status of the verification; nothing of what was said. */
  async function showsReport(): Promise<void> {
    const day = new Date(Date.now() - 3_600_000).toISOString().slice(0, 10)
    const days = ['--from', day, '--to', new Date().toISOString().slice(0, 10)]
    const page = await run('report', 'audit', ...days, '--out', 'audit.html')
    expect([page.status, page.stdout]).toEqual([3, expect.stringMatching(/^wrote .*audit.html\n$/)])
    const html = await readFile(join(folder, 'audit.html'), 'utf8')
    expect(html).toContain('>root@localhost, who is no writer, updated it</td>')
    expect(html).not.toContain('never said')
    const csv = (await run('report', 'audit', ...days, '--format', 'csv')).stdout
    expect(csv).toMatch(/,FINDING EDITED BY,\d+,/)
    expect(csv).toMatch(
      /,update,\d+,[^,]+,root@localhost,,chats,1,[0-9a-f]{64},[0-9a-f]{64},,sealed in 2,2/m,
    )
  }

  /** Nobody is told that all is well of what no anchor vouches for. */
  async function findsMissingAnchors(): Promise<void> {
    const nowhere = ['audit', 'verify', '--anchor', 'nowhere']
    const few = await run(...nowhere)
    expect([few.status, few.stdout]).toEqual([3, expect.stringContaining('was not compared')])
    expect(few.stdout).toContain('NOT CHECKED compared with 0 anchors of 1: a trail that was')
    const meant = await run(...nowhere, '--fewer-anchors')
    expect([meant.status, meant.stdout]).toEqual([0, expect.stringContaining('was not compared')])
    const named = ['anchor', './anchor', 'nowhere'].flatMap(place => ['--anchor', place])
    const both = await run('audit', 'verify', ...named)
    expect(both.stdout.match(/^ {2}anchor /gm)).toHaveLength(1)
    expect([both.status, both.stdout]).toEqual([
      3,
      expect.stringMatching(/FINDINGS: NOT CHECKED 1/),
    ])
    const { server, audit } = parse(await readFile(join(folder, 'ecomdb.yaml'), 'utf8'))
    const anchors = [{ directory: 'anchor' }, { directory: './anchor', rate_limit_mib: 9 }]
    await writeFile(join(folder, 'two.yaml'), 'tables: [chats]\nanchors: 2\n')
    const twice = { server, audit: { ...audit, policy: 'two.yaml', anchors } }
    await writeFile(join(folder, 'twice.yaml'), stringify(twice))
    const status = await run('audit', 'status', '--config', 'twice.yaml')
    expect([status.status, status.stdout]).toEqual([
      3,
      expect.stringContaining('PROBLEM  1 anchor missing'),
    ])
  }

  /** A sealer that may not read the rights of others, and a host where no signer is trusted. */
  async function showsWhatNobodyWatches(): Promise<void> {
    const account = `${store}_s@localhost`
    await administer(
      family,
      `CREATE USER ${account}`,
      `GRANT SELECT, INSERT, DELETE, TRIGGER ON ${store}.* TO ${account}`,
      `GRANT SELECT, TRIGGER ON ${store}_access.* TO ${account}`,
      `GRANT SELECT, TRIGGER ON ${database}.* TO ${account}`,
      `GRANT PROCESS ON *.* TO ${account}`,
    )
    const sealed = await run('audit', 'seal', '--user', `${store}_s`)
    expect(sealed.status, sealed.stderr).toBe(3)
    expect(sealed.stdout).toContain('FINDING  nobody watches the rights of accounts')
    expect(sealed.stderr).toContain('give its account SELECT on the schema mysql')
    const blind = await run('audit', 'status')
    expect([blind.status, blind.stdout]).toEqual([
      3,
      expect.stringContaining('PROBLEM  nobody watches the rights of accounts'),
    ])
    const open = (await run('audit', 'verify')).stdout
    expect(open).toMatch(
      /NOT CHECKED rights of accounts were not watched from \S+ on: the sealer could/,
    )
    expect(open).toContain('GRANT CHANGED the sealer may not read the rights of accounts any more')
    await administer(family, `DROP USER ${account}`)
    await run('audit', 'seal')
    const closed = (await run('audit', 'verify')).stdout
    expect(closed).toMatch(
      /note {5}rights of accounts were not watched from \S+ to \S+: the sealer/,
    )
    // Events say what changed meanwhile, as a whole.
    expect(closed).not.toContain('GRANT CHANGED rights of accounts changed')
    const { server } = parse(await readFile(join(folder, 'ecomdb.yaml'), 'utf8'))
    const untrusted = stringify({ server, audit: { policy: 'policy.yaml' } })
    await writeFile(join(folder, 'untrusted.yaml'), untrusted)
    const unknown = await run('audit', 'status', '--config', 'untrusted.yaml')
    expect(unknown.status, unknown.stderr).toBe(3)
    expect(unknown.stdout).toContain(
      'PROBLEM  how far it is sealed is not known: no signer is trusted here',
    )
  }

  test('is installed, sealed, verified, and finds who is no writer', async () => {
    expect((await run('key', 'rotate', 'audit')).stdout).toContain('audit.trusted_signers')
    expect((await run('audit', 'install')).stdout).toContain('baseline    chats: 2 rows')
    // Other tests use the server too, and their accounts are in the trail.
    expect((await run('audit', 'seal')).stdout).toMatch(/sealed \d+ events in 1 batch/)
    expect((await run('audit', 'status')).stdout).toMatch(
      /audited {2}chats\n {2}audited {2}ecomdb.operation\n.*batch 1 at/,
    )
    const clean = await run('audit', 'verify', '--json')
    expect(clean.json().result).toMatchObject({
      checked: { batches: 1, rows: 3, unsealed: 0 },
      findings: [],
      notes: [],
    })
    await findsMissingAnchors()
    await administer(family, `UPDATE ${database}.chats SET said = 'never said' WHERE id = 1`)
    await administer(family, `CREATE USER ${store}_x@localhost IDENTIFIED BY 'Right-1-horse'`)
    expect((await run('report', 'orders', ...PERIOD, '--user', `${store}_x`)).status).toBe(22)
    await administer(family, `GRANT SELECT ON ${database}.chats TO ${store}_x@localhost`)
    expect((await run('audit', 'seal')).stdout).toMatch(/sealed \d+ events in 1 batch/)
    const found = await run('audit', 'verify')
    expect(found.status).toBe(3)
    expect(found.stdout).toContain(
      'EDITED BY chats 1: root@localhost, who is no writer, updated it (batch 2)',
    )
    await showsEvents()
    await showsReport()
    // Not even root may change what ecomdb says that it did.
    await administer(family, `UPDATE ${store}_access.operation SET actor = 'nobody'`)
    expect((await run('audit', 'events', '--limit', '1')).stdout).toContain('not sealed yet')
    await run('audit', 'seal')
    expect((await run('audit', 'verify')).stdout).toContain(
      'EDITED BY ecomdb.operation 1: root@localhost, who is no writer, updated it',
    )
    await administer(
      family,
      `DROP TRIGGER ${store}_access.${store}_2_update`,
      `UPDATE ${store}_access.operation SET actor = 'somebody'`,
    )
    const edited = (await run('audit', 'verify')).stdout
    expect(edited).toContain('EDITED ecomdb.operation 1: the row is not what event')
    expect(edited).toContain('TRIGGER CHANGED ecomdb.operation')
    await showsWhatNobodyWatches()
    expect((await run('audit', 'uninstall', '--confirm', database)).stdout).toContain('trail stays')
  })
})
