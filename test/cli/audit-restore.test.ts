import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { packageRoot } from '#core/paths'
import { BackupPlace } from '#test/backed-up'
import { type CliResult, cliEnvironment, runEcomdb } from '#test/cli'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { startOwnServer } from '#test/own-server'
import { writeConfig } from '#test/stored-repository'
import { makeFolder } from '#test/temporary'

const POLICY = `tables: [people, messages]
writers: [{user: chat}]
erase:
  - {table: people, where: user_id, empty: [name]}
  - {table: messages, where: user_id, empty: [said]}
`

/** Until the clock, which the server has, too, shows another second: its log knows no less. */
async function nextSecond(): Promise<void> {
  await sleep(1_010 - (Date.now() % 1000))
}

/** A chat, its trail and its backups: what a restore, an erasure and retention do to a trail. */
describe.each(SLOW_TEST_ENGINES)('%s', family => {
  let own: Awaited<ReturnType<typeof startOwnServer>>
  const run = (...args: string[]): Promise<CliResult> =>
    runEcomdb(args, { cwd: own.folder, env: { ECOMDB_STATE: join(own.folder, 'state') } })
  const done = async (...args: string[]): Promise<string> => {
    const { status, stdout, stderr } = await run(...args)
    expect(status, `${args.join(' ')}\n${stdout}${stderr}`).toBe(0)
    return stdout
  }
  const administer = async (...statements: string[]): Promise<void> => {
    const session = await own.engine.connect(own.server.administrator)
    for (const statement of statements) await session.run(statement)
    await session.close()
  }
  const say = async (...texts: string[]): Promise<void> => {
    const { socketPath } = own.server.administrator
    const session = await own.engine.connect({ socketPath, user: 'chat', database: 'shop' })
    for (const text of texts) {
      await session.run(`INSERT INTO messages (user_id, said) VALUES (1, '${text}')`)
    }
    await session.close()
  }
  const valueFrom = async (sql: string): Promise<string | null> => {
    const session = await own.engine.connect(own.server.administrator)
    const value = await session.value(sql)
    await session.close()
    return value
  }
  /** How many texts of a person there are. */
  const contentOf = (person: string): Promise<string | null> =>
    valueFrom(
      `SELECT (SELECT COUNT(name) FROM shop.people WHERE user_id = ${person})
         + (SELECT COUNT(said) FROM shop.messages WHERE user_id = ${person})`,
    )
  const countOf = (event: string): string =>
    `SELECT COUNT(*) FROM ecomdb_audit.event WHERE event_id = ${event}`
  const lose = (): Promise<void> =>
    administer('DROP DATABASE shop', 'DROP DATABASE ecomdb_audit', 'DROP DATABASE ecomdb_access')

  beforeAll(async () => {
    own = await startOwnServer(family, ['--log-bin=binlog', '--server-id=7', '--binlog-format=ROW'])
    const place = await BackupPlace.make(join(own.folder, 'backup'), family)
    await mkdir(join(own.folder, 'anchor'))
    await writeFile(join(own.folder, 'policy.yaml'), POLICY)
    const file = join(own.folder, 'ecomdb.yaml')
    await writeConfig(file, place.path, place.config.trustedSigners, [
      `recipients: ${JSON.stringify(place.config.recipients)}`,
      `signing_key_file: ${place.config.signingKeyFile}`,
      `dedup_key_file: ${place.config.dedupKeyFile}`,
      `identity_files: [${place.identityFile}]`,
    ])
    await appendFile(
      file,
      `server: {socket: ${own.server.socketPath}, user: root, database: shop}\n` +
        'audit: {policy: policy.yaml, anchors: [{directory: anchor}]}\n',
    )
    await administer(
      'CREATE DATABASE shop',
      'CREATE TABLE shop.people (user_id INT PRIMARY KEY, name VARCHAR(50)) ENGINE = InnoDB',
      `CREATE TABLE shop.messages (id INT AUTO_INCREMENT PRIMARY KEY, user_id INT, said TEXT,
         FOREIGN KEY (user_id) REFERENCES shop.people (user_id)) ENGINE = InnoDB`,
      "INSERT INTO shop.people VALUES (1, 'Ann'), (2, 'Bo')",
      'CREATE USER chat@localhost',
      'GRANT SELECT, INSERT, UPDATE ON shop.* TO chat@localhost',
    )
    await done('key', 'rotate', 'audit')
    await done('audit', 'install')
    await done('audit', 'seal')
  })

  afterAll(async () => {
    await own?.remove()
  })

  test('a restore owns up to itself, once; a roll-back to what it left is found', async () => {
    await say('my bear lost an arm')
    await done('audit', 'seal')
    await done('backup', 'logical')
    await say('which arm?')
    await nextSecond()
    const moment = new Date().toISOString()
    await nextSecond()
    await say('the left one')
    await done('audit', 'seal')
    await done('backup', 'binlog', '--once')
    await lose()
    const at = ['--at', moment, '--confirm', 'shop', '--service', 'chat']
    // What it brought back is in no log of this server.
    const { status, stdout: restored } = await run('restore', ...at)
    expect({ status, restored }).toMatchObject({
      status: 3,
      restored: expect.stringMatching(/^FINDING: this is the server whose log is archived/m),
    })
    expect(await contentOf('1')).toBe('3')
    expect(restored).toContain(
      'audit: the audit trail came back up to batch 2; its anchors go up to 3',
    )
    expect(restored).toContain('the next `ecomdb audit seal` breaks the epoch by itself')
    const before = await done('audit', 'verify')
    expect(before).toMatch(
      /told {5}ecomdb restore of snapshot .*, and on to .* none has come yet\nnothing/,
    )
    await administer('CREATE DATABASE kept', 'CREATE TABLE kept.batch LIKE ecomdb_audit.batch')
    await administer('INSERT INTO kept.batch SELECT * FROM ecomdb_audit.batch')
    const sealed = await done('audit', 'seal')
    expect(sealed).toMatch(/epoch {4}broken: batches 3-3 are lost \(ecomdb restore of snapshot/)
    await say('and which leg?')
    await done('audit', 'seal')
    const clean = await run('audit', 'verify', '--json')
    expect(clean.json().result).toMatchObject({
      findings: [],
      notes: [],
      told: [expect.stringMatching(/^epoch 2 begins with batch 4: batches 3-3 were lost \(ecomdb/)],
    })
    // Back to the state in which the restore's statement was true: it counts once.
    await administer(
      'TRUNCATE ecomdb_audit.batch',
      'INSERT INTO ecomdb_audit.batch SELECT * FROM kept.batch',
    )
    const again = await run('audit', 'seal')
    expect(again.status, again.stdout).toBe(13)
    expect(again.stderr).toContain('the trail was rolled back: the database ends at batch 2')
    await done('audit', 'seal', '--epoch-break', 'the end of this test')
    await administer('DROP DATABASE kept')
  })

  /** Without the audit key, and with an anchor that is not there: restored, and not done with. */
  async function keepsNothing(restore: readonly string[]): Promise<void> {
    const { audit, ...rest } = parse(await readFile(join(own.folder, 'ecomdb.yaml'), 'utf8'))
    const { signing_key_file: _, ...without } = audit
    const anchors = [...audit.anchors, { directory: 'policy.yaml' }]
    const config = { ...rest, audit: { ...without, anchors } }
    await writeFile(join(own.folder, 'keyless.yaml'), stringify(config))
    const { status, stdout, stderr } = await run(...restore, '--config', 'keyless.yaml')
    expect(status, stdout + stderr).toBe(3)
    expect(stdout).toContain('FINDING: audit: the restore could not be signed in the audit trail')
    expect(stdout).toContain('FINDING: audit: 1 person of the erasure ledger came back: run')
    expect(stdout).toMatch(/FINDING: audit: the anchor .*policy.yaml was not compared/)
    expect(await contentOf('1')).not.toBe('0')
  }

  test('a person is erased, the trail verifies, and a restore of before erases again', async () => {
    await done('backup', 'logical')
    const planned = await done('audit', 'erase', '--person', '1', '--reason', 'ticket-1')
    expect(planned).toMatch(/would empty {2}people: 1 row\n.*messages: 3 rows\nnothing was changed/)
    const erase = ['audit', 'erase', '--person', '1', '--reason', 'ticket-1', '--confirm']
    expect((await run(...erase, '2')).status).toBe(2)
    // A number column takes all of these for 1.
    for (const key of ['1x', '01', '1 or 2']) {
      const refused = await run(
        'audit',
        'erase',
        '--person',
        key,
        '--reason',
        't',
        '--confirm',
        key,
      )
      expect(refused.status, key).toBe(2)
      expect(refused.stderr).toContain(`there is no ${key} in people`)
      expect(refused.stderr).toContain('the server would have taken it for 1')
    }
    expect(await contentOf('1')).not.toBe('0')
    expect(await done(...erase, '1')).toMatch(/people 1 is erased\n.*emptied {2}people: 1 row/)
    expect(await contentOf('1')).toBe('0')
    const clean = await run('audit', 'verify', '--json')
    expect(clean.json().result).toMatchObject({ findings: [], notes: [] })
    expect(clean.json().result.told).toContain('1 erased: people 1 (ticket-1)')
    // What no erasure says is found, and so is a salt that is gone.
    await administer(
      'UPDATE shop.people SET name = NULL WHERE user_id = 2',
      "SET @ecomdb_audit_task = 'erase'",
      "UPDATE ecomdb_audit.event SET salt = NULL WHERE salt IS NOT NULL AND kind = 'B' LIMIT 1",
    )
    const found = await run('audit', 'verify')
    expect(found.stdout).toContain('EDITED BY people 2: root@localhost, who is no writer, updated')
    expect(found.stdout).toContain('has lost its salt, and no erasure says so')
    await lose()
    const restore = ['restore', 'latest', '--confirm', 'shop', '--service', 'chat']
    await keepsNothing(restore)
    await lose()
    const restored = await done(...restore)
    expect(restored).toContain('audit: 1 person of the erasure ledger erased again')
    expect(await contentOf('1')).toBe('0')
    await done('audit', 'verify')
    await done('audit', 'seal')
    const after = await run('audit', 'verify', '--json')
    expect(after.json().result).toMatchObject({ findings: [], notes: [] })
    expect(after.json().result.told).toContain('1 erased: people 1 (ticket-1)')
    expect(await done('audit', 'erase', '--replay')).toContain('all of the erasure ledger')
  })

  /** Kills a command when a thread of it waits, and the thread, which would go on by itself. */
  async function killWhileWaiting(args: readonly string[], thread: string): Promise<void> {
    const root = await own.engine.connect(own.server.administrator)
    const home = await makeFolder()
    try {
      const child = spawn(join(packageRoot(), 'bin/ecomdb'), args, {
        ...{ cwd: own.folder, stdio: 'ignore' },
        env: cliEnvironment(home, { ECOMDB_STATE: join(own.folder, 'state') }),
      })
      const gone = once(child, 'exit')
      const waiting = (): Promise<string | null> => root.value(thread)
      // Whoever looks again within 100 ms sees the same INNODB_TRX again (seen on MariaDB 10.11).
      const seldom = { timeout: 60_000, interval: 400 }
      await expect.poll(waiting, seldom).not.toBeNull()
      const found = await waiting()
      child.kill('SIGKILL')
      await gone
      await root.run(`KILL ${found}`)
      await expect.poll(waiting, seldom).toBeNull()
    } finally {
      await root.close()
      await rm(home, { recursive: true, force: true })
    }
  }

  test('an erasure that is killed before its seal is completed by the next one', async () => {
    const { socketPath } = own.server.administrator
    const chat = await own.engine.connect({ socketPath, user: 'chat', database: 'shop' })
    await chat.run("INSERT INTO people VALUES (3, 'Cy')")
    await chat.run("INSERT INTO messages (user_id, said) VALUES (3, 'delete me')")
    await chat.close()
    await done('audit', 'seal')
    const holder = await own.engine.connect(own.server.administrator)
    try {
      // The seal waits for this, and what comes before it does not.
      await holder.run('LOCK TABLES ecomdb_audit.batch READ')
      await killWhileWaiting(
        ['audit', 'erase', '--person', '3', '--reason', 'ticket-3', '--confirm', '3'],
        "SELECT MAX(id) FROM information_schema.processlist WHERE info LIKE 'INSERT INTO%.`batch`%'",
      )
    } finally {
      await holder.close()
    }
    expect(await contentOf('3')).toBe('0')
    const before = await run('audit', 'verify')
    expect(before.status).toBe(3)
    expect(before.stdout).toMatch(/^FINDINGS: NOT ERASED 1, .*EDITED BY 2/m)
    await done('audit', 'seal')
    const after = await run('audit', 'verify', '--json')
    expect(after.json().result).toMatchObject({ findings: [], notes: [] })
    expect(after.json().result.told).toContain('2 erased: people 1 (ticket-1), people 3 (ticket-3)')
  }, 120_000)

  /** In the middle: what is before an event has gone, and this one waits. The trail verifies. */
  async function killPrune(event: string): Promise<void> {
    const holder = await own.engine.connect(own.server.administrator)
    const older = (): Promise<string | null> =>
      holder.value(`SELECT COUNT(*) FROM ecomdb_audit.event WHERE event_id < ${event}`)
    try {
      await holder.run('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED')
      const all = Number(await older())
      await holder.run('START TRANSACTION')
      await holder.rows(`SELECT at FROM ecomdb_audit.event WHERE event_id = ${event} FOR UPDATE`)
      await killWhileWaiting(
        ['audit', 'prune', '--confirm', 'shop'],
        `SELECT MAX(trx_mysql_thread_id) FROM information_schema.innodb_trx
         WHERE trx_state = 'LOCK WAIT' AND trx_query LIKE 'DELETE FROM%.\`event\`%'`,
      )
      expect(Number(await older())).toBeLessThan(all)
    } finally {
      await holder.close()
    }
    expect(await valueFrom(countOf(event))).toBe('1')
    expect((await run('audit', 'verify', '--json')).json().result).toMatchObject({ findings: [] })
  }

  test('retention that is killed is completed, what is left verifies, and an edit of it is found', async () => {
    for (const keep of ['0d', '99999999999d']) {
      await writeFile(join(own.folder, 'policy.yaml'), `${POLICY}keep: ${keep}\n`)
      expect((await run('audit', 'prune', '--confirm', 'shop')).status, keep).toBe(78)
    }
    await writeFile(join(own.folder, 'policy.yaml'), `${POLICY}keep: 1s\n`)
    const { socketPath } = own.server.administrator
    const chat = await own.engine.connect({ socketPath, user: 'chat', database: 'shop' })
    await chat.run("INSERT INTO messages (user_id, said) VALUES (2, 'hm')")
    await chat.run("UPDATE messages SET said = 'hm?' WHERE said = 'hm'")
    await chat.run("UPDATE messages SET said = 'hm!' WHERE said = 'hm?'")
    await chat.close()
    await done('audit', 'seal')
    const changed = await valueFrom(
      "SELECT event_id FROM ecomdb_audit.event WHERE kind = 'U' ORDER BY event_id DESC LIMIT 1 OFFSET 1",
    )
    await say('a last one')
    await done('audit', 'seal')
    await nextSecond()
    await nextSecond()
    const planned = await done('audit', 'prune')
    expect(planned).toMatch(/batches 1-\d+, sealed before .*\n {2}stay .*\n {2}would go \d+ events/)
    await killPrune(String(changed))
    const pruned = await done('audit', 'prune', '--confirm', 'shop')
    expect(await valueFrom(countOf(String(changed)))).toBe('0')
    expect(pruned).toMatch(/removed {2}\d+ events\n {2}sealed {3}in batch/)
    const clean = await run('audit', 'verify', '--json')
    expect(clean.json().result).toMatchObject({ findings: [], notes: [] })
    expect(clean.json().result.told).toContainEqual(
      expect.stringMatching(/^retention removed events of batches 1-\d+, up to/),
    )
    await done('audit', 'export', 'trail.jsonl')
    await done('audit', 'verify', '--export', 'trail.jsonl')
    // What stayed is signed: a file without one of these events is found out, and so is its list.
    const lines = (await readFile(join(own.folder, 'trail.jsonl'), 'utf8')).split('\n')
    const first = lines.findIndex(line => line.startsWith('{"type":"event"'))
    await writeFile(join(own.folder, 'gone.jsonl'), lines.toSpliced(first, 1).join('\n'))
    const gone = await run('audit', 'verify', '--export', 'gone.jsonl')
    expect([gone.status, gone.stdout]).toEqual([
      13,
      expect.stringMatching(/GAP event \d+ is gone from the trail, and retention had left it/),
    ])
    const unlisted = lines.map(line => line.replace(/"kept":"\d+[-,]?/, '"kept":"'))
    await writeFile(join(own.folder, 'list.jsonl'), unlisted.join('\n'))
    const listed = await run('audit', 'verify', '--export', 'list.jsonl')
    expect([listed.status, listed.stdout]).toEqual([
      13,
      expect.stringContaining('retention has left is not what was signed'),
    ])
    await administer(
      "SET @ecomdb_audit_task = 'erase'",
      "UPDATE ecomdb_audit.event SET account = 'chat@localhost' ORDER BY event_id LIMIT 1",
    )
    const found = await run('audit', 'verify')
    expect(found.status).toBe(13)
    expect(found.stdout).toMatch(/EDITED event \d+ is not what was sealed/)
  }, 180_000)
})
