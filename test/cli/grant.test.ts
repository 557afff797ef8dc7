import { describe, expect, test } from 'vitest'
import { quoteIdentifier } from '#engine/quote'
import { runEcomdb } from '#test/cli'
import { TEST_ENGINES } from '#test/engines'
import { TestLeaver } from '#test/leaver'
import { withDatabase } from '#test/servers'

const REASON = ['--reason', 'quarterly figures']

describe.each(TEST_ENGINES)('%s', family => {
  test('a role for a time: given, taken, expired, and enforced without ecomdb', async () => {
    await withDatabase(family, async ({ engine, server, session, database }) => {
      const leaver = new TestLeaver(engine, server, session, database)
      const { person, store } = leaver
      const [reader, other] = [`r_${person}`, `o_${person}`]
      const grants = `${quoteIdentifier(store)}.role_grant`
      const ecomdb = (...args: string[]) => runEcomdb(args, { env: leaver.environment })
      const reads = async (table: string): Promise<boolean> => {
        const [own] = await leaver.open(1)
        const answer = own?.rows(`SELECT * FROM ${quoteIdentifier(database)}.${table}`)
        const can = await answer?.then(
          () => true,
          () => false,
        )
        await own?.close()
        return can ?? false
      }
      try {
        await leaver.make()
        await leaver.run(
          `REVOKE ALL PRIVILEGES, GRANT OPTION FROM '${person}'@'localhost'`,
          'DROP EVENT each_second',
          `CREATE ROLE ${reader}, ${other}`,
          `GRANT SELECT ON items TO ${reader}`,
          `GRANT SELECT ON secret TO ${other}`,
        )
        expect((await ecomdb('grant', 'nobody-here', reader, ...REASON)).status).toBe(2)
        expect((await ecomdb('grant', person, 'no_role', ...REASON)).stderr).toContain('no role')
        const args = ['grant', person, reader, '--for', '30d', ...REASON, '--ticket', 'OPS-12']
        const plan = (await ecomdb(...args, '--dry-run', '--json')).json().result
        expect(plan).toMatchObject({ dryRun: true, held: [], given: [{ role: reader }] })
        expect(await reads('items')).toBe(false)
        const given = await ecomdb(...args, '--approver', 'bob', '--json')
        expect(given.status, given.stdout).toBe(0)
        const lease = given.json().result.given[0]
        expect(lease).toMatchObject({ person, role: reader, ticket: 'OPS-12', approver: 'bob' })
        expect(given.json().result.deadMan).toEqual({ installed: true, scheduler: true })
        expect(await reads('items')).toBe(true)
        const again = (await ecomdb(...args, '--approver', 'bob', '--json')).json().result
        expect(again).toMatchObject({ given: [], ended: [], held: [{ grantId: lease.grantId }] })

        // Two roles at once work without SET ROLE, also where one alone can be the default.
        expect((await ecomdb('grant', person, other, ...REASON)).status).toBe(0)
        expect([await reads('items'), await reads('secret')]).toEqual([true, true])
        const open = await leaver.open(3)
        // A session that was closed is in the server's list for a moment more.
        await expect.poll(() => leaver.sessions()).toBe(3)
        const revoked = await ecomdb('revoke', person, other, '--reason', 'moved', '--json')
        expect(revoked.json().result).toMatchObject({ sessionsEnded: 3, ended: [{ role: other }] })
        for (const one of open) await expect(one.value('SELECT 1')).rejects.toThrow()
        expect([await reads('items'), await reads('secret')]).toEqual([true, false])
        const idle = await ecomdb('revoke', person, other, '--reason', 'moved')
        expect(idle.stdout).toContain('nothing to do')

        await leaver.run(`UPDATE ${grants} SET ends_at = UTC_TIMESTAMP(6) - INTERVAL 1 SECOND`)
        const expired = await ecomdb('access', 'expire', '--json')
        expect(expired.status, expired.stdout).toBe(0)
        expect(expired.json().result.ended).toMatchObject([{ role: reader }])
        expect(await reads('items')).toBe(false)

        // Nobody approves: for hours at most, named as long as it is open, and ended like the rest.
        const glass = ['access', 'break-glass', person, other, '--reason', 'shop is down']
        expect((await ecomdb(...glass, '--for', '5h')).stderr).toContain('4h at most')
        const planned = (await ecomdb(...glass, '--for', '30m', '--dry-run', '--json')).json()
        expect(planned.result).toMatchObject({ dryRun: true, given: [{ breakGlass: true }] })
        const broken = await ecomdb(...glass, '--for', '30m', '--ticket', 'INC-7', '--json')
        expect(broken.status, broken.stdout).toBe(0)
        expect(broken.json().result).toMatchObject({
          given: [{ role: other, breakGlass: true, approver: null, ticket: 'INC-7' }],
          deadMan: { installed: true, scheduler: true },
        })
        // As if it had died before the role was given: the same again finishes it.
        const account = { user: person, host: 'localhost' }
        await leaver.run(...(await engine.leases.takeStatements(session, account, other)))
        const finished = (await ecomdb(...glass, '--for', '30m', '--json')).json().result
        expect(finished).toMatchObject({ given: [], held: [{ breakGlass: true }] })
        expect(await reads('secret')).toBe(true)
        expect((await ecomdb(...glass, '--for', '1h')).stderr).toContain('by a grant already')
        const named = await ecomdb('access', 'grants')
        expect(named.status).toBe(3)
        expect(named.stdout).toMatch(/BREAK-GLASS: shop is down/)
        const noted = await session.rows(
          `SELECT subject, detail FROM ${quoteIdentifier(store)}.operation WHERE command = 'access break-glass'`,
        )
        expect(noted).toHaveLength(1)
        expect(JSON.stringify(noted)).toContain('shop is down')
        const [inside] = await leaver.open(1)
        await leaver.run(
          `UPDATE ${grants} SET ends_at = UTC_TIMESTAMP(6) WHERE break_glass AND ended_at IS NULL`,
        )
        const over = (await ecomdb('access', 'expire', '--json')).json().result
        expect(over).toMatchObject({ ended: [{ role: other }], sessionsEnded: 1 })
        await expect(inside?.value('SELECT 1')).rejects.toThrow()
        expect(await reads('secret')).toBe(false)
        expect((await ecomdb('access', 'grants')).status).toBe(0)

        await ecomdb(...args)
        const [held] = await leaver.open(1)
        await leaver.run(
          `UPDATE ${grants} SET ends_at = UTC_TIMESTAMP(6) - INTERVAL 1 HOUR WHERE ended_at IS NULL`,
          `ALTER EVENT ${quoteIdentifier(store)}.dead_man ON SCHEDULE EVERY 1 SECOND`,
        )
        await expect.poll(() => isRefused(leaver)).toBe(true)
        // The event locks first and kills then.
        await expect.poll(() => leaver.sessions()).toBe(0)
        await expect(held?.value('SELECT 1')).rejects.toThrow()
        const late = await ecomdb('access', 'expire', '--json')
        expect(late.status).toBe(3)
        expect(late.json().result).toMatchObject({
          ended: [{ role: reader }],
          unlocked: [{ user: person, host: 'localhost' }],
        })
        expect(await reads('items')).toBe(false)
      } finally {
        await leaver.run(`DROP ROLE IF EXISTS ${reader}, ${other}`)
        if (family === 'mariadb') await leaver.run(`DROP ROLE IF EXISTS roles_of_${person}`)
        await leaver.remove()
      }
    })
  })
})

/** Is the person's login refused, for the account is locked? */
async function isRefused(leaver: TestLeaver): Promise<boolean> {
  const [session] = await leaver.open(1).catch(() => [])
  session?.destroy()
  return session === undefined
}
