import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { silentProgress } from '#core/progress'
import { Secret } from '#core/secret'
import { HARDENING_CHECKS } from '#domain/hardening/checks'
import type { HardeningFacts } from '#domain/hardening/facts'
import type { HardenReport } from '#domain/hardening/harden-report'
import type { ConnectOptions, Session } from '#engine/session'
import { TEST_ENGINES } from '#test/engines'
import type { HardeningState } from '#test/hardening/state'
import {
  ALWAYS_APPLY,
  HARDENING_STATES,
  NEED_SHOP,
  POLICY,
  SERVER_OPTIONS,
} from '#test/hardening/states'
import { sharedServer } from '#test/servers'
import { startTlsServer, type TlsServer } from '#test/tls-server'
import { lookAt } from '#workflow/harden/check-hardening'
import { fixHardening } from '#workflow/harden/fix-hardening'

describe.each(TEST_ENGINES)('on a real server: %s', family => {
  let tls: TlsServer
  let root: Session
  let bare: HardeningFacts
  let before: HardeningFacts
  const gather = (clock = 0): Promise<HardeningFacts> =>
    tls.engine.hardening.gather(root, () => new Date(Date.now() + clock))

  /** By a session of its own: one remembers which stores it has seen. */
  async function makeStore(): Promise<void> {
    const session = await tls.engine.connect(tls.server.administrator)
    await tls.engine.accessCatalog.ensureStore(session, 'access')
    await session.close()
  }

  beforeAll(async () => {
    tls = await startTlsServer(family, SERVER_OPTIONS[family])
    root = await tls.engine.connect(tls.server.administrator)
    const others = await root.rows<{ name: string }>(
      "SELECT CONCAT(QUOTE(user), '@', QUOTE(host)) AS name FROM mysql.user WHERE user = 'root' AND host <> 'localhost'",
    )
    for (const { name } of others) await root.run(`DROP USER ${name}`)
    const shared = await sharedServer(family)
    const other = await shared.engine.connect(shared.server.administrator)
    bare = await tls.engine.hardening.gather(other, () => new Date())
    await other.close()
    before = await gather()
  })
  afterAll(async () => {
    await root?.close()
    await tls?.remove()
  })

  test.each(HARDENING_STATES[family].map(state => ({ name: nameOf(state), state })))(
    '$name',
    async ({ state }) => {
      if (state.store) await makeStore()
      for (const sql of state.set ?? []) await root.run(sql)
      try {
        const facts = state.bare ? bare : changed(await gather(state.clock), state)
        const check = HARDENING_CHECKS.find(({ id }) => id === state.check)
        const judged = check?.judge(facts, POLICY)
        expect(judged?.verdict, JSON.stringify(judged)).toBe(state.verdict)
        const subjects = judged?.evidence.map(({ subject }) => subject)
        if (state.subject) expect(subjects).toContain(state.subject)
      } finally {
        for (const sql of state.back ?? []) await root.run(sql)
      }
    },
  )

  test('and the server is as it was', async () => {
    const { skewMs: _, ...after } = await gather()
    const { skewMs: __, ...first } = before
    // MariaDB keeps an empty row of PUBLIC from then on.
    const lasting = (facts: typeof after) => ({
      ...facts,
      accounts: facts.accounts.filter(({ kind }) => kind !== 'public'),
      variables: new Map(
        [...facts.variables].filter(([name]) => !/timestamp|gtid|^rand/.test(name)),
      ),
    })
    expect(lasting(after)).toEqual(lasting(first))
  })

  test('every check is seen to pass, to fail and, where it can, not to apply', () => {
    const seen = new Set(
      HARDENING_STATES[family].map(({ check, verdict }) => `${check} ${verdict}`),
    )
    const wanted = HARDENING_CHECKS.flatMap(({ id }) => [
      ...(NEED_SHOP.includes(id) ? [] : [`${id} pass`, `${id} fail`]),
      ...(ALWAYS_APPLY.includes(id) || NEVER_MISSING[family].includes(id)
        ? []
        : [`${id} not-applicable`]),
    ])
    expect(wanted.filter(one => !seen.has(one))).toEqual([])
  })

  test('H30: the triggers of the audit trail, whole and changed', async () => {
    const { auditTrail } = tls.engine
    await root.run('CREATE DATABASE t_shop')
    await root.run('CREATE TABLE t_shop.chats (id INT PRIMARY KEY, said TEXT) ENGINE = InnoDB')
    const session = await tls.engine.connect(tls.server.administrator)
    const verdict = async () => {
      const options = { connect: tls.server.administrator, policy: POLICY, clock: systemClock }
      const { report } = await lookAt(tls.engine, session, options)
      return report.checks.find(({ id }) => id === 'H30')
    }
    try {
      expect((await verdict())?.verdict).toBe('not-applicable')
      await tls.engine.accessCatalog.ensureStore(session, 'access')
      await auditTrail.ensureTrail(session, 't_shop', randomUUID())
      const plan = await auditTrail.planInstall(session, 't_shop', ['chats'], true)
      await auditTrail.install(session, plan)
      for (const layout of plan.baselines) await auditTrail.writeBaseline(session, 't_shop', layout)
      expect(await verdict()).toMatchObject({ verdict: 'pass' })
      const name = await root.value(
        "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = 't_shop' ORDER BY 1",
      )
      await root.run(`DROP TRIGGER t_shop.${name}`)
      expect(await verdict()).toMatchObject({ verdict: 'fail', evidence: [{ subject: 'chats' }] })
    } finally {
      await session.close()
      for (const schema of ['t_shop', 'ecomdb_audit', 'ecomdb_access']) {
        await root.run(`DROP DATABASE IF EXISTS ${schema}`)
      }
    }
  })

  test('every privilege that can be granted is seen, of an account and of a role', async () => {
    const offered = (await root.rows<{ Privilege: string; Context: string }>('SHOW PRIVILEGES'))
      .filter(row => !/^(usage|proxy|grant option)$/i.test(row.Privilege))
      .map(({ Privilege }) => Privilege.toUpperCase())
      .sort()
    await root.run("CREATE USER t_all@localhost IDENTIFIED BY 'A-password.9'")
    await root.run('CREATE ROLE t_all_role')
    try {
      const role = family === 'mysql' ? "'t_all_role'@'%'" : 't_all_role'
      for (const who of ['t_all@localhost', role]) {
        await root.run(`GRANT ${offered.join(', ')} ON *.* TO ${who}`)
      }
      const { privileges } = await gather()
      const held = (account: string) =>
        privileges.filter(one => one.account === account).map(({ privilege }) => privilege)
      expect(held('t_all@localhost').sort()).toEqual(offered)
      expect(held(family === 'mysql' ? 't_all_role@%' : 't_all_role@').sort()).toEqual(offered)
    } finally {
      await root.run('DROP USER t_all@localhost')
      await root.run('DROP ROLE t_all_role')
    }
  })

  test('an account that sees half is refused', async () => {
    await root.run("CREATE USER t_half@localhost IDENTIFIED BY 'A-password.9'")
    await root.run('GRANT SELECT ON *.* TO t_half@localhost')
    const half = await tls.engine.connect(as('t_half'))
    try {
      const refused = await tls.engine.hardening
        .gather(half, () => new Date())
        .catch(error => error)
      expect(refused).toMatchObject({ code: 'PRIVILEGE_MISSING' })
      expect(refused.why).toContain('TRIGGER, EVENT')
    } finally {
      await half.close()
      await root.run('DROP USER t_half@localhost')
    }
  })

  const as = (user: string, rest: Partial<ConnectOptions> = {}): ConnectOptions => ({
    socketPath: tls.server.socketPath,
    user,
    password: new Secret('A-password.9'),
    ...rest,
  })
  const fix = (connect: ConnectOptions, only: readonly string[], confirm = true) =>
    fixHardening(
      tls.engine,
      { connect, policy: POLICY, clock: systemClock, only, confirm },
      silentProgress(),
    )

  test('fix says what it would do, and does nothing', async () => {
    const { after, steps } = await fix(tls.server.administrator, [], false)
    expect(after).toBeNull()
    expect(
      steps.filter(({ outcome }) => outcome !== 'planned').map(({ kind }) => kind),
    ).not.toContain('setting')
    expect((await gather()).variables.get('local_infile')).toBe('ON')
  })

  test('fix sets what can be set, what it installs too, and keeps it', async () => {
    const checks = ['H14', 'H16', 'H17', 'H26']
    await root.run("CREATE USER t_guess@localhost IDENTIFIED BY 'A-password.9'")
    const { before: first, after, steps } = await fix(tls.server.administrator, checks)
    const verdicts = (report: HardenReport | null) =>
      report?.checks.filter(({ id }) => checks.includes(id)).map(({ verdict }) => verdict)
    expect(verdicts(first)).toEqual(['fail', 'fail', 'fail', 'fail'])
    expect(verdicts(after)).toEqual(['pass', 'pass', 'pass', 'pass'])
    expect(after?.score).toBeGreaterThan(first.score)
    expect(steps.map(({ outcome }) => outcome)).not.toContain('refused')
    const kept =
      family === 'mysql'
        ? await root.value(
            "SELECT variable_value FROM performance_schema.persisted_variables WHERE variable_name = 'local_infile'",
          )
        : steps.flatMap(({ lines }) => lines).find(line => line.startsWith('local_infile'))
    expect(kept).toBe(family === 'mysql' ? 'OFF' : 'local_infile = OFF')
  })

  test('fix changes accounts of the checks that are named, and never its own', async () => {
    await root.run(`CREATE USER t_wide@'10.0.0.9' IDENTIFIED BY 'A-password.9'`)
    const all = await fix(tls.server.administrator, [], false)
    const accounts = all.steps.filter(({ kind }) => kind === 'account')
    expect(accounts.map(({ outcome }) => outcome)).not.toContain('planned')
    const { steps } = await fix(tls.server.administrator, ['H02', 'H05'])
    expect(steps.map(({ check, subject, outcome }) => `${check} ${subject} ${outcome}`)).toEqual([
      'H02 t_wide@10.0.0.9 done',
      'H05 root@localhost skipped',
    ])
    const { accounts: there } = await gather()
    expect(there.find(({ name }) => name === 't_wide@10.0.0.9')?.tls).toBe('ANY')
  })

  test('fix does not lock out who runs it', async () => {
    await root.run("CREATE USER t_dba@'127.0.0.1' IDENTIFIED BY 'A-password.9'")
    await root.run("GRANT ALL PRIVILEGES ON *.* TO t_dba@'127.0.0.1'")
    const place = { socketPath: undefined, host: '127.0.0.1', port: tls.port }
    const plain = await fix(as('t_dba', { ...place }), ['H01'])
    expect(plain.steps.map(({ outcome }) => outcome)).toEqual(['skipped'])
    // One connection at a time: the second one is refused whatever the step does.
    await root.run("ALTER USER t_dba@'127.0.0.1' WITH MAX_USER_CONNECTIONS 1")
    const secure = { ...place, tlsCa: tls.authority }
    const alone = await fix(as('t_dba', secure), ['H01'])
    expect(alone.steps.map(({ outcome }) => outcome)).toEqual(['undone'])
    expect((await gather()).variables.get('require_secure_transport')).toBe('OFF')
    await root.run("ALTER USER t_dba@'127.0.0.1' WITH MAX_USER_CONNECTIONS 0")
    const { after } = await fix(as('t_dba', secure), ['H01'])
    expect(after?.checks[0]?.verdict).toBe('pass')
  })
})

/** MariaDB has a limit for all, and brings its audit plugin along. */
const NEVER_MISSING = { mysql: [] as string[], mariadb: ['H16', 'H24'] }

function nameOf({ check, verdict, subject }: HardeningState): string {
  return `${check} ${verdict}${subject ? `: ${subject}` : ''}`
}

function changed(
  facts: HardeningFacts,
  { variables, facts: change }: HardeningState,
): HardeningFacts {
  const other = {
    ...facts,
    variables: new Map([...facts.variables, ...Object.entries(variables ?? {})]),
  }
  return change ? change(other) : other
}
