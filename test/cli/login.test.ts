import { spawnSync } from 'node:child_process'
import { chmod, lstat, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { packageRoot } from '#core/paths'
import { Secret } from '#core/secret'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { BrokerShop } from '#test/login/broker-shop'
import { verifyUnits, whyNoSystemd } from '#test/systemd'

const OPEN = "SELECT COUNT(*) FROM mysql.user WHERE user LIKE 's\\_%\\_%'"

describe.each(SLOW_TEST_ENGINES)('%s', family => {
  let shop: BrokerShop
  let alice: { password: string; seed: string }
  let dana: { seed: string; recoveryCodes: string[] }
  const secrets: string[] = []
  beforeAll(async () => {
    shop = await BrokerShop.open(family)
    await shop.session.run('SET GLOBAL event_scheduler = ON')
    const prepared = await shop.run(['broker', 'prepare', '--json'])
    expect(prepared.json().result).toMatchObject({ madeKey: true, scheduler: true })
    alice = await shop.add('alice')
    secrets.push(alice.password)
    const file = join(shop.folder, 'keys', 'ecomdb_broker.password')
    secrets.push((await readFile(file, 'utf8')).trim())
  })
  afterAll(() => shop?.close())

  /** From here on: what is set in the tests below is in no log either. The broker's accounts are new by then. */
  async function refuseHashes() {
    await shop.session.run('SET GLOBAL strict_password_validation = ON')
    const hashed = `CREATE USER h2@localhost IDENTIFIED BY PASSWORD '*${'0'.repeat(40)}'`
    await expect(shop.session.run(hashed)).rejects.toThrow(/strict-password-validation/)
    await shop.session.run('DROP USER ecomdb_broker@localhost, ecomdb_issuer@localhost')
    const prepared = await shop.run(['broker', 'prepare'])
    expect(prepared.status, prepared.stderr).toBe(0)
    const checks = (await shop.run(['harden', 'check', '--json'])).json().result.checks
    expect(checks.find(({ id }: { id: string }) => id === 'H14')).toMatchObject({ verdict: 'pass' })
  }

  /** Somebody's lock stays. Without rights it is, on MariaDB, of a run that died before the last statement of the account. */
  async function lockBroker() {
    const isLocked = async () => {
      const prepared = await shop.run(['broker', 'prepare', '--json'])
      const locked = prepared.json().result.brokerLocked
      expect(prepared.status, prepared.stderr).toBe(locked ? 3 : 0)
      return locked
    }
    expect(await isLocked()).toBe(false)
    await shop.session.run('ALTER USER ecomdb_broker@localhost ACCOUNT LOCK')
    expect(await isLocked()).toBe(true)
    await shop.session.run('REVOKE ALL PRIVILEGES, GRANT OPTION FROM ecomdb_broker@localhost')
    expect(await isLocked()).toBe(family === 'mysql')
    const file = join(shop.folder, 'keys', 'ecomdb_broker.password')
    const password = new Secret((await readFile(file, 'utf8')).trim())
    const broker = { ...shop.server.administrator, user: 'ecomdb_broker', password }
    if (family === 'mysql') {
      await expect(shop.engine.connect(broker)).rejects.toThrow(/locked/)
      await shop.session.run('ALTER USER ecomdb_broker@localhost ACCOUNT UNLOCK')
    }
    await (await shop.engine.connect(broker)).close()
  }

  async function logIn(...args: string[]) {
    const code = await shop.freshCode('alice', alice.seed)
    return await shop.run(['login', ...args], {}, `${alice.password}\n${code}\n`)
  }

  test('policy: what departs, the plan, the server as strict as it can be, and weak ones refused', async () => {
    const before = await shop.run(['policy', 'check', '--json'])
    expect(before.status).toBe(3)
    expect(before.json().result.departures).toBeGreaterThan(3)
    const plan = await shop.run(['policy', 'apply'])
    const plugin = family === 'mysql' ? 'validate_password' : 'simple_password_check'
    expect(plan.stdout).toMatch(
      new RegExp(`^would be executed with --confirm:\n  INSTALL .*${plugin}'`),
    )
    expect((await shop.run(['policy', 'check'])).stdout).toContain(`${plugin} is not installed`)
    const applied = await shop.run(['policy', 'apply', '--confirm', '--json'])
    expect(applied.json().result.after).toMatchObject({ departures: 0 })
    const check = await shop.run(['policy', 'check'])
    expect(check).toMatchObject({ status: 0 })
    expect(check.stdout).toMatch(/^ecomdb +runs +runs of 2 at most/m)
    // A hash is taken unseen on both, and on MariaDB no password that is the name of its account.
    const hash =
      family === 'mysql'
        ? "WITH caching_sha2_password AS '$A$005$THISISACOMBINATIONOFINVALIDSALTANDPASSWORDTHATMUSTNEVERBRBEUSED'"
        : `BY PASSWORD '*${'0'.repeat(40)}'`
    await shop.session.run(`CREATE USER hashed@localhost IDENTIFIED ${hash}`)
    if (family === 'mariadb') {
      const name = 'Xk3-Vt9.Lm2Qz-Xk4-Vt8.Lm3Qy-Xk5-Vt7.Lm4Qx'
      const own = `CREATE USER '${name}'@localhost IDENTIFIED BY '${name}'`
      await expect(shop.session.run(own)).rejects.toThrow(/policy|validat/i)
    }
    const long = 'MoreOfTheSameUntilItIsLongEnough'
    for (const weak of [
      'Sh0rt-pw-by-one-of-the-forty-characters',
      `no-capital-l3tters-${long.toLowerCase()}`,
      `NoDigitsAtAll-${long}`,
      `NoSpecial1here${long}`,
    ]) {
      const sql = `CREATE USER weak@localhost IDENTIFIED BY '${weak}'`
      await expect(shop.session.run(sql), weak).rejects.toThrow(/policy|validat/i)
    }
    if (family === 'mariadb') await refuseHashes()
    await lockBroker()
    // ecomdb's own get through, the way that they are not in the log.
    const phrase = await shop.run(['user', 'passwd', 'alice', '--generate', 'passphrase', '--json'])
    secrets.push(phrase.json().result.generatedPassword)
    const changed = await shop.run(['user', 'passwd', 'alice', '--generate', 'random', '--json'])
    alice.password = changed.json().result.generatedPassword
    secrets.push(alice.password)
  })

  test('systemd finds nothing wrong with the unit in docs/login.md', async context => {
    const missing = await whyNoSystemd()
    if (missing) return context.skip(missing)
    const { file } = await unitOf(shop.folder)
    expect(await verifyUnits([file])).toBe('')
  })

  test('the ExecStart of that unit runs, once; its socket is for its group alone', async () => {
    const { words } = await unitOf(shop.folder)
    await chmod(dirname(shop.socket), 0o777)
    const open = await shop.run(['broker', '--config', 'broker.yaml', '--json'])
    expect(open.json()).toMatchObject({ error: { code: 'STORAGE_FAILED' } })
    expect(open.stdout).toContain('is open to others')
    await chmod(dirname(shop.socket), 0o755)
    expect(await shop.startBroker(words)).toMatch(/; 0 sessions of an earlier broker ended\b/)
    const { mode, uid, gid } = await lstat(shop.socket)
    expect({ mode: mode & 0o777, uid, gid }).toEqual({
      ...{ mode: 0o660, uid: process.getuid?.(), gid: process.getgid?.() },
    })
    expect((await shop.run(['broker', '--config', 'broker.yaml', '--json'])).json()).toMatchObject({
      error: { code: 'LOCKED' },
    })
    const doctor = (await shop.run(['doctor', '--config', 'broker.yaml', '--json'])).json()
    const seen = JSON.stringify(doctor.result)
    expect(seen).toContain(`"status":"ok","subject":"broker","detail":"listens on ${shop.socket}"`)
    expect(seen).toMatch(/"status":"ok","subject":"key file","detail":"[^"]*key of one-time codes"/)
  })

  test('login runs a command, on this host and by a forced command; the session ends with it', async () => {
    const show = ['--', 'sh', '-c', 'echo $ECOMDB_USER; cat $ECOMDB_PASSWORD_FILE; exit 7']
    const here = await logIn('--person', 'alice', ...show)
    expect(here).toMatchObject({ status: 7, stdout: expect.stringMatching(/^s_alice_/) })
    secrets.push(here.stdout.split('\n')[1] ?? '')
    const ecomdb = join(packageRoot(), 'bin/ecomdb')
    const via = (person: string): string =>
      `${ecomdb} login --stdio --person ${person} --config broker.yaml`
    const there = await logIn('--person', 'alice', '--via', via('alice'), ...show)
    expect(there, there.stderr).toMatchObject({ status: 7, stdout: expect.stringMatching(/^s_/) })
    const foreign = await logIn('--person', 'alice', '--via', via('rob'), '--json', ...show)
    expect(foreign.json()).toMatchObject({ status: 22, error: { code: 'LOGIN_REFUSED' } })
    expect(await shop.session.value(OPEN)).toBe('0')
  })

  test('a broker that is killed in the middle of a mint: the next one sweeps what it left', async () => {
    const other = await shop.engine.connect(shop.server.administrator)
    await other.run('LOCK TABLES ecomdb_access.account WRITE')
    const cut = logIn('--person', 'alice', '--json', '--', 'true')
    const half = 'SELECT COUNT(*) FROM ecomdb_access.session_account WHERE ended_at IS NULL'
    await shop.until(half, '1')
    await shop.stopBroker('SIGKILL')
    expect((await cut).json()).toMatchObject({ status: 20, error: { code: 'SERVER_UNREACHABLE' } })
    const started = shop.startBroker()
    await other.run('UNLOCK TABLES')
    await other.close()
    expect(await started).toMatch(/; [01] sessions of an earlier broker ended\b/)
    await shop.until(half, '0')
    await shop.until(
      "SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'ecomdb_broker' AND command <> 'Sleep'",
      '0',
    )
    expect(await shop.session.value(OPEN)).toBe('0')
    expect(await logIn('--person', 'alice', '--', 'true')).toMatchObject({ status: 0 })
  })

  test('a role under people: is for sessions of the broker, and ends them with it', async () => {
    const policy = (...roles: string[]) =>
      shop.write(
        'access.yaml',
        'administrators: [root@localhost]',
        'roles: {watcher: {server: [PROCESS]}}',
        `people: {alice: {roles: [${roles}]}}`,
      )
    const apply = ['access', 'apply', '--policy', 'access.yaml', '--allow-revokes', '--json']
    await policy('watcher')
    expect((await shop.run(apply)).status).toBe(0)
    // MariaDB: the issuer must hold a role to give it.
    expect((await shop.run(['broker', 'prepare'])).status).toBe(0)
    const left = await logIn('--person', 'alice', '--out', 'watcher.cnf', '--json')
    const session = await shop.enter(left.json().result.user, 'watcher.cnf')
    expect(JSON.stringify(await session.rows('SHOW GRANTS'))).toContain('PROCESS')
    await policy()
    expect((await shop.run(apply)).json().result.sessionsEnded).toBe(1)
    await expect(session.value('SELECT 1')).rejects.toMatchObject({ code: 'SERVER_LOST' })
    expect(await shop.session.value(OPEN)).toBe('0')
  })

  test('an apply that fails on its way has ended the sessions of who lost a role by then', async () => {
    const policy = (...lines: string[]) =>
      shop.write('access.yaml', 'administrators: [root@localhost]', ...lines)
    const apply = ['access', 'apply', '--policy', 'access.yaml', '--allow-revokes', '--json']
    await policy(
      'roles: {watcher: {server: [PROCESS]}, other: {server: [PROCESS]}}',
      'applications: {prog: {owner: tests, accounts: [prog@localhost], server: [PROCESS]}}',
      'people: {alice: {roles: [watcher]}}',
    )
    expect((await shop.run(apply)).status).toBe(0)
    expect((await shop.run(['broker', 'prepare'])).status).toBe(0)
    const left = await logIn('--person', 'alice', '--out', 'failing.cnf', '--json')
    const session = await shop.enter(left.json().result.user, 'failing.cnf')
    const password = 'Xk3-Vt9.Lm2Qz-Xk4-Vt8.Lm3Qy-Xk5-Vt7.Lm4Qx'
    await shop.session.run(`ALTER USER prog@localhost IDENTIFIED BY '${password}' ACCOUNT UNLOCK`)
    const { administrator } = shop.server
    const program = await shop.engine.connect({
      ...administrator,
      user: 'prog',
      password: new Secret(password),
    })
    // The last step of all, to forget the role, is what the server refuses.
    await shop.session.run(`CREATE TRIGGER ecomdb_access.t_kept BEFORE DELETE ON ecomdb_access.account
      FOR EACH ROW BEGIN IF OLD.account_user = 'other' THEN
      SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'kept by a test'; END IF; END`)
    await policy(
      'roles: {watcher: {server: [PROCESS]}}',
      'applications: {prog: {owner: tests, accounts: [prog@localhost]}}',
      'people: {alice: {roles: []}}',
    )
    const failed = await shop.run(apply)
    expect(failed.status).not.toBe(0)
    expect(failed.json()).toMatchObject({ error: { code: 'SERVER_REFUSED' } })
    expect(failed.stdout).toContain('kept by a test')
    for (const out of [session, program]) {
      await expect(out.value('SELECT 1')).rejects.toMatchObject({ code: 'SERVER_LOST' })
    }
    expect(await shop.session.value(OPEN)).toBe('0')
    await shop.session.run('DROP TRIGGER ecomdb_access.t_kept')
    expect((await shop.run(apply)).json()).toMatchObject({ status: 0 })
  })

  test('no broker runs: the server itself ends a session whose time is over', async () => {
    const left = await logIn('--person', 'alice', '--out', 'session.cnf', '--json')
    const { user } = left.json().result
    const session = await shop.enter(user, 'session.cnf')
    secrets.push(session.options.password?.reveal() ?? '')
    await shop.stopBroker('SIGKILL')
    await shop.session.run('ALTER EVENT ecomdb_access.end_overdue ON SCHEDULE EVERY 1 SECOND')
    await shop.session.run(
      'UPDATE ecomdb_access.session_account SET expires_at = UTC_TIMESTAMP(6) - INTERVAL 9 SECOND WHERE ended_at IS NULL',
    )
    expect(await session.value('SELECT 1')).toBe('1')
    await shop.until(OPEN, '0')
    await expect(session.value('SELECT 1')).rejects.toMatchObject({ code: 'SERVER_LOST' })
    const ended = `SELECT end_reason FROM ecomdb_access.session_account WHERE session_user = '${user}'`
    await shop.until(ended, 'overdue')
    await shop.startBroker()
    expect(await shop.stopBroker('SIGTERM')).toBe(130)
  })

  test("the operator's own code, where totp.yaml asks for it: none, wrong, right, and once only", async () => {
    await shop.write('totp.yaml', 'operators: {commands: [offboard, policy apply], people: [dana]}')
    const offboard = (env: Record<string, string>, ...args: string[]) =>
      shop.run(['offboard', 'alice', '--json', ...args], env)
    const confirm = ['--confirm', 'alice']
    const refused = (code: string) => ({ status: 22, error: { code } })
    expect((await offboard({}, '--dry-run')).status).toBe(0)
    const who = { ECOMDB_OPERATOR: 'dana' }
    // Named, and not enrolled yet; then without a code.
    const early = await offboard(who, ...confirm)
    expect(early.json()).toMatchObject(refused('OPERATOR_CODE_REQUIRED'))
    dana = await shop.add('dana')
    const none = await offboard(who, ...confirm)
    expect(none.json()).toMatchObject(refused('OPERATOR_CODE_REQUIRED'))
    const code = await shop.freshCode('dana', dana.seed)
    const mine = { ECOMDB_OPERATOR: 'alice', ECOMDB_OPERATOR_CODE: code }
    expect((await offboard(mine, ...confirm)).json()).toMatchObject(
      refused('OPERATOR_CODE_REQUIRED'),
    )
    const wrong = { ...who, ECOMDB_OPERATOR_CODE: '000000' }
    expect((await offboard(wrong, ...confirm)).json()).toMatchObject(refused('LOGIN_REFUSED'))
    expect(
      await shop.session.value("SELECT state FROM ecomdb_access.person WHERE person = 'alice'"),
    ).toBe('active')
    await writeFile(join(shop.folder, 'code'), `${code}\n`, { mode: 0o600 })
    const right = { ...who, ECOMDB_OPERATOR_CODE_FILE: 'code' }
    expect((await offboard(right, ...confirm)).json().result.person).toBe('alice')
    const again = await shop.run(['policy', 'apply', '--confirm', '--json'], right)
    expect(again.json()).toMatchObject(refused('LOGIN_REFUSED'))
    const noted =
      "SELECT COUNT(*) FROM ecomdb_access.operation WHERE command = 'operator' AND subject = 'dana'"
    expect(await shop.session.value(noted)).toBe('3')
  })

  test('another database of records is no way around it; a recovery code counts once', async () => {
    const who = { ECOMDB_OPERATOR: 'dana' }
    const refused = (code: string) => ({ status: 22, error: { code } })
    for (const people of ['[dana]', '[]']) {
      await shop.write('totp.yaml', `operators: {commands: [policy apply], people: ${people}}`)
      const elsewhere = { ...who, ECOMDB_ACCESS_DATABASE: 'nowhere' }
      const around = await shop.run(['policy', 'apply', '--confirm', '--json'], elsewhere)
      expect(around.json()).toMatchObject(refused('OPERATOR_CODE_REQUIRED'))
      expect(around.json().error?.why).toContain('they are in ecomdb_access')
    }
    // Then there must be a new enrolment, and until then there is still somebody to ask.
    const [recovery = ''] = dana.recoveryCodes
    const recovered = { ...who, ECOMDB_OPERATOR_CODE: recovery }
    const apply = () => shop.run(['policy', 'apply', '--confirm', '--json'], recovered)
    expect((await apply()).json()).toMatchObject({ status: 0 })
    expect((await apply()).json()).toMatchObject(refused('OPERATOR_CODE_REQUIRED'))
  })

  test('no password is in a file of the server, its binary log least of all', async () => {
    const logs = await shop.session.rows('SHOW BINARY LOGS')
    const events = (
      await Promise.all(
        logs.map(({ Log_name: name }) => shop.session.rows(`SHOW BINLOG EVENTS IN '${name}'`)),
      )
    ).flat()
    const made = events
      .map(({ Info: info }) => String(info))
      .filter(info => /^(use .*; )?CREATE USER/i.test(info))
    for (const name of ['alice', 'dana', 'ecomdb_broker', 's_alice_']) {
      expect(made.filter(info => info.includes(name)).length, name).toBeGreaterThan(0)
    }
    expect(secrets.filter(Boolean)).toHaveLength(6)
    const patterns = secrets.flatMap(secret => ['-e', secret])
    const found = spawnSync('grep', ['-rlaF', ...patterns, join(shop.server.folder, 'data')])
    expect(found.stdout.toString()).toBe('')
    expect(found.status).toBe(1)
  })
})

/** The unit of the page with the program here, as a file; and the words of its ExecStart. */
async function unitOf(folder: string): Promise<{ file: string; words: string[] }> {
  const page = await readFile(join(packageRoot(), 'docs/login.md'), 'utf8')
  const [block = ''] = /^ {4}\[Unit\]\n(?:(?: {4}.*)?\n)*/m.exec(page) ?? []
  const program = join(packageRoot(), 'bin/ecomdb')
  const unit = block.replace(/^ {4}/gm, '').replace('/usr/local/bin/ecomdb', program)
  const place = await mkdtemp(join(folder, 'unit-'))
  const file = join(place, 'ecomdb-broker.service')
  await writeFile(file, unit)
  const [, line = ''] = /^ExecStart=(.*)$/m.exec(unit) ?? []
  return { file, words: line.replace('/etc/ecomdb/broker.yaml', 'broker.yaml').split(' ') }
}
