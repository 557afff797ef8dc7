import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type CliResult, runEcomdb } from '#test/cli'
import { TEST_ENGINES } from '#test/engines'
import { withShop } from '#test/shop'

// The server is shared, so every name is of this test's own.
describe.each(TEST_ENGINES)('%s: ecomdb access', family => {
  test('plan, apply, drift, adopt and import, as a DBA would', async () => {
    await withShop(family, async ({ session, database, folder, env }) => {
      const id = randomBytes(3).toString('hex')
      const [role, person, old] = [`r_${id}`, `p_${id}`, `old_${id}`]
      const store = `t_access_${id}`
      const file = join(folder, 'access.yaml')
      const run = (...args: string[]): Promise<CliResult> =>
        runEcomdb(['access', ...args], { env: { ...env, ECOMDB_ACCESS_DATABASE: store } })
      const policy = (...args: string[]): Promise<CliResult> => run(...args, '--policy', file)
      await writeFile(file, policyText(role, person, old))
      await session.run(`CREATE USER '${old}'@'localhost' IDENTIFIED BY 'Some-word-1'`)
      await session.run(`GRANT SELECT ON monthly_volume TO '${old}'@'localhost'`)
      try {
        const plan = (await policy('plan')).stdout
        expect(await session.value('SELECT 1 FROM mysql.user WHERE user = ?', [person])).toBeNull()
        const applied = await policy('apply', '--quiet')
        expect(applied).toMatchObject({ status: 0, stderr: '' })
        const isSql = (line: string): boolean => /^(CREATE|GRANT|ALTER|SET|INSERT)/.test(line)
        expect(applied.stdout.split('\n').filter(isSql)).toEqual(plan.split('\n').filter(isSql))
        expect(applied.stdout).toContain(`not adopted: ${old}@localhost`)
        expect((await policy('apply', '--json')).json().result).toMatchObject({ steps: [] })

        const adopted = await policy('adopt', `${old}@localhost`, '--application', `a_${id}`)
        expect(adopted).toMatchObject({ status: 0 })
        expect((await policy('plan', '--json')).json().result.steps).toEqual([])
        await session.run(`GRANT SELECT ON orders TO '${old}'@'localhost'`)
        const drift = await policy('drift')
        expect(drift.status).toBe(3)
        expect(drift.stdout).toContain(
          `beyond: ${old}@localhost holds SELECT ON ${database}.orders\n`,
        )
        const beyond = (await policy('drift', '--json')).json()
        expect(beyond).toMatchObject({ status: 3 })
        expect(beyond.result.beyond).toContain(`${old}@localhost`)

        const imported = await run('import')
        expect(imported.stdout).toContain(`SELECT ON ${database}.orders`)
        await writeFile(file, `${imported.stdout}oops: 1\n`)
        expect(await policy('plan')).toMatchObject({
          status: 78,
          stderr: expect.stringContaining('oops: unknown key'),
        })
        expect(await readFile(file, 'utf8')).toContain('people:')
        expect(await run('adopt', 'nobody@nowhere', '--person', 'x')).toMatchObject({ status: 2 })
        expect(await run('adopt', '--declared', '--role')).toMatchObject({ status: 2 })
      } finally {
        await session.run(`DROP USER IF EXISTS '${person}'@'localhost', '${old}'@'localhost'`)
        await session.run(`DROP ROLE IF EXISTS '${role}'`)
        await session.run(`DROP DATABASE IF EXISTS ${store}`)
      }
    })
  })
})

function policyText(role: string, person: string, old: string): string {
  return `
roles:
  ${role}: {select: [monthly_volume], execute: [order_performance], max_connections: 2}
applications:
  ${old}: {owner: tests, accounts: [${old}@localhost], tables: {monthly_volume: [SELECT]}}
people:
  ${person}: {full_name: A. Person, roles: [${role}]}
`
}
