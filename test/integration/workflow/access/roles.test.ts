import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseAccessPolicy } from '#config/access-policy-file'
import { accessPolicyText } from '#config/access-policy-text'
import { packageRoot } from '#core/paths'
import { silentProgress } from '#core/progress'
import type { AccessPolicy } from '#domain/access/policy'
import type { Engine } from '#engine/engine'
import type { Session } from '#engine/session'
import { TEST_ENGINES } from '#test/engines'
import { startOwnServer } from '#test/own-server'
import { complaint, type MatrixObject, RoleShop } from '#test/role-holders'
import { adoptAccount } from '#workflow/access/adopt-account'
import { applyAccess } from '#workflow/access/apply-access'
import { importAccess } from '#workflow/access/import-access'
import { planServerAccess } from '#workflow/access/plan-access'

// Roles belong to the whole server, so it is one of this file's own.
describe.each(TEST_ENGINES)('%s: roles', family => {
  let own: Awaited<ReturnType<typeof startOwnServer>>
  let engine: Engine
  let shop: RoleShop
  let root: Session
  beforeAll(async () => {
    own = await startOwnServer(family)
    engine = own.engine
    shop = await RoleShop.make(engine, own.server.administrator)
    root = await engine.connect(own.server.administrator)
  })
  afterAll(async () => {
    await root?.close()
    await own?.remove()
  })

  test('what each role may do is what the golden file says, and nothing else', async () => {
    const { objects } = await engine.accessCatalog.observe(root)
    const things: MatrixObject[] = [
      ...objects.filter(({ kind }) => ['table', 'view', 'procedure', 'function'].includes(kind)),
      { schema: 'mysql', name: 'user', kind: 'table' },
    ].toSorted((a, b) => (`${a.schema}.${a.name}` < `${b.schema}.${b.name}` ? -1 : 1))
    const lines: string[] = []
    const broken: string[] = []
    for (const role of shop.roles()) {
      const session = await shop.logIn(role)
      for (const thing of things) {
        const rights = await shop.rightsOn(session, thing)
        const holds = /[A-Z]/.test(rights)
        const name = `${thing.schema}.${thing.name}`
        if (holds && thing.kind === 'table' && role !== 'loader') broken.push(`${role} ${name}`)
        // Other tables of ecomdb's own come and go; nobody has anything there.
        if (holds || thing.schema === 'shop') lines.push(matrixLine(role, name, rights))
      }
      await session.close()
      const outcomes = await shop.attempt(role, family)
      broken.push(...outcomes.flatMap(each => complaint(role, each) ?? []))
      lines.push(
        ...outcomes.map(
          each =>
            `${role.padEnd(12)}  ${each.outcome.padEnd(12)}  ${each.attempt.kind}: ${each.attempt.sql}`,
        ),
      )
    }
    expect(broken).toEqual([])
    const file = join(packageRoot(), `test/golden/${family}/access-matrix.txt`)
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(file)
  })

  const plan = (policy: AccessPolicy) => planServerAccess(engine, { connect: shop.connect, policy })
  const apply = (policy: AccessPolicy) =>
    applyAccess(engine, { connect: shop.connect, policy, allowRevokes: false }, silentProgress())

  test('what is done by hand is drift, and apply takes it back', async () => {
    expect((await apply(shop.policy)).steps).toEqual([])
    await root.run("GRANT SELECT ON shop.orders TO 'holder_analyst'@'localhost' WITH GRANT OPTION")
    await root.run('REVOKE SELECT ON shop.monthly_volume FROM acquirer')
    const drift = await plan(shop.policy)
    expect(drift.steps.flatMap(({ statements }) => statements).join('\n')).toMatch(
      /^GRANT SELECT ON `shop`.`monthly_volume` TO 'acquirer'\S*\nREVOKE SELECT, GRANT OPTION ON `shop`.`orders` FROM 'holder_analyst'@'localhost'$|^GRANT SELECT.*\nREVOKE GRANT OPTION, SELECT/,
    )
    const reader = await shop.logIn('analyst')
    expect(await reader.value('SELECT COUNT(*) FROM shop.orders')).toBe('0')
    // The right is gone, and so is the session that had it.
    expect(await apply(shop.policy)).toMatchObject({ sessionsEnded: 1 })
    await expect(reader.value('SELECT 1')).rejects.toMatchObject({ code: 'SERVER_LOST' })
    await reader.close()
    expect((await plan(shop.policy)).changes).toEqual([])
    const said = await root.value(
      "SELECT COUNT(*) FROM ecomdb_access.operation WHERE subject = 'holder_analyst@localhost' AND JSON_UNQUOTE(JSON_EXTRACT(detail, '$.statement')) LIKE 'REVOKE%'",
    )
    expect(said).toBe('1')
  })

  test('an account that was there before is left alone until it is adopted', async () => {
    await root.run("CREATE USER 'old_bob'@'%' IDENTIFIED BY 'Some-word-1'")
    await root.run("GRANT SELECT, INSERT ON shop.* TO 'old_bob'@'%'")
    const policy = withPerson(shop.policy, 'bob', ['old_bob@%'])
    const before = await apply(policy)
    expect(before.steps).toEqual([])
    const found = before.findings.map(({ kind, account }) => `${kind} ${account.user}`)
    expect(found).toEqual(expect.arrayContaining(['not adopted old_bob', 'unknown outsider']))
    const options = { connect: shop.connect, policy }
    const adopted = await adoptAccount(engine, options, 'declared')
    expect(adopted.accounts).toEqual(['old_bob@%'])
    const after = await apply(policy)
    expect(after.changes.map(change => change.do)).toEqual([
      ...['grant role', 'default roles', 'require tls', 'limit connections', 'revoke'],
    ])
    expect((await plan(policy)).changes).toEqual([])
  })

  test('an apply that was cut short goes on where it was', async () => {
    const policy = withPerson(shop.policy, 'carol', ['carol@localhost'])
    const first = await plan(policy)
    // The record is written, the account made, and then the power fails.
    for (const { change, statements } of first.steps) {
      for (const sql of statements) await engine.accessCatalog.run(root, sql)
      if (change.do === 'create account') break
    }
    const rest = await apply(policy)
    expect(rest.changes.map(change => change.do)).not.toContain('create account')
    expect((await plan(policy)).changes).toEqual([])
  })

  test('an imported policy describes the server as it is, odd grants too', async () => {
    for (const sql of ODD_GRANTS) await root.run(sql)
    const policy = await importAccess(engine, shop.connect)
    const read = parseAccessPolicy(accessPolicyText(policy), 'imported.yaml')
    await adoptAccount(engine, { connect: shop.connect, policy: read }, 'declared')
    const against = await plan(read)
    expect(against.steps.flatMap(({ statements }) => statements)).toEqual([])
    expect(against.findings.filter(({ kind }) => kind === 'not adopted')).toEqual([])
    // Taken away, and given again from what was imported.
    await root.run("REVOKE ALL PRIVILEGES, GRANT OPTION FROM 'odd one'@'10.0.0.0/255.0.0.0'")
    await apply(read)
    expect((await plan(read)).changes).toEqual([])
  })
})

const ODD_GRANTS = [
  "CREATE USER 'odd one'@'10.0.0.0/255.0.0.0' IDENTIFIED BY 'Some-word-1'",
  "GRANT SELECT, LOCK TABLES ON `sh%p\\_x`.* TO 'odd one'@'10.0.0.0/255.0.0.0' WITH GRANT OPTION",
  "GRANT SELECT (user_id, first_name), INSERT ON shop.users TO 'odd one'@'10.0.0.0/255.0.0.0'",
  "GRANT EXECUTE ON PROCEDURE shop.order_performance TO 'odd one'@'10.0.0.0/255.0.0.0' WITH GRANT OPTION",
  "GRANT PROCESS, REPLICATION SLAVE ON *.* TO 'odd one'@'10.0.0.0/255.0.0.0'",
  "GRANT outsider TO 'odd one'@'10.0.0.0/255.0.0.0' WITH ADMIN OPTION",
]

function matrixLine(role: string, name: string, rights: string): string {
  return `${role.padEnd(12)}  ${rights.padEnd(12)}  ${name}`
}

function withPerson(policy: AccessPolicy, name: string, accounts: string[]): AccessPolicy {
  const person = { fullName: name, email: null, accounts, roles: ['analyst'] }
  return { ...policy, people: new Map([...policy.people, [name, person]]) }
}
