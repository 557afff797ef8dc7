import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { generateSigningKey, writeSigningKey } from '#crypto/key-files'
import { openStatement } from '#crypto/signed-statement'
import { browserMissing, startBrowser } from '#test/browser'
import { runEcomdb } from '#test/cli'
import { TEST_ENGINES } from '#test/engines'
import { TestLeaver } from '#test/leaver'
import { withDatabase } from '#test/servers'
import { withFolder } from '#test/temporary'

const missing = browserMissing()

describe.each(TEST_ENGINES)('%s', family => {
  test('says by which way, lists who could do the most first, and signs what an auditor reads', async () => {
    await withFolder(folder =>
      withDatabase(family, async ({ engine, server, session, database }) => {
        const leaver = new TestLeaver(engine, server, session, database)
        const { person, store } = leaver
        const role = `r_${person}`
        const key = generateSigningKey()
        await writeSigningKey(join(folder, 'signing.pem'), key)
        const config = join(folder, 'ecomdb.yaml')
        await writeFile(config, 'keys: {signing_key_file: signing.pem}\n')
        const ecomdb = (...args: string[]) =>
          runEcomdb([...args, '--config', config], { env: leaver.environment, cwd: folder })
        try {
          await leaver.make()
          await leaver.run(
            `REVOKE ALL PRIVILEGES, GRANT OPTION FROM '${person}'@'localhost'`,
            'CREATE VIEW inner_view AS SELECT a, price FROM items',
            'CREATE VIEW outer_view AS SELECT a FROM inner_view',
            'CREATE PROCEDURE tells() SELECT COUNT(*) FROM secret',
            `CREATE ROLE ${role}`,
            `GRANT SELECT ON outer_view TO ${role}`,
            `GRANT EXECUTE ON PROCEDURE tells TO ${role}`,
            `UPDATE \`${store}\`.person SET full_name = '<script>alert(1)</script>'`,
          )
          const reason = ['--reason', 'figures <b>', '--for', '8h']
          expect((await ecomdb('grant', person, role, ...reason)).status).toBe(0)
          const why = await ecomdb('why', person, 'items.price')
          expect(why.stdout).toMatch(
            /role r_.*\n.*SELECT ON .*outer_view\n.*view .*outer_view runs as .* reads .*inner_view\n.*view .*inner_view runs as .* reads .*items/,
          )
          expect((await ecomdb('why', person, 'secret')).stdout).toContain(
            'EXECUTE, may reach it as definer',
          )
          expect((await ecomdb('why', person, 'log')).stdout).toContain('does not reach')
          const beyond = `GRANT SELECT ON \`${database.slice(0, -1)}_\`.* TO '${person}'@'localhost'`
          await leaver.run(beyond)
          expect((await ecomdb('why', person, 'log')).stdout).toContain('SELECT')

          const list = (await ecomdb('access', 'list', '--json')).json().result
          expect(list.people).toMatchObject([
            {
              person,
              exposure: 'reads tables',
              lastLogin: null,
              unused: null,
              roles: [{ role, by: 'grant' }],
            },
          ])

          // An hour ago may be yesterday.
          const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10)
          const period = ['--from', dayOf(Date.now() - 3_600_000), '--to', dayOf(Date.now())]
          const made = await ecomdb('report', 'access', ...period, '--out', 'access.html')
          expect(made.status, made.stderr).toBe(0)
          const html = await readFile(join(folder, 'access.html'), 'utf8')
          const [, statement = ''] = /id="statement">([\s\S]*?)<\/script>/.exec(html) ?? []
          const opened = openStatement('access-report', Buffer.from(statement), [key.signer], 'it')
          expect(opened.value).toMatchObject({
            grants: [{ person, role, reason: 'figures <b>' }],
            exceptions: expect.arrayContaining([
              expect.objectContaining({ what: 'a person on base tables', who: person }),
              expect.objectContaining({ what: 'nobody approved' }),
            ]),
          })
          expect(html).not.toContain('<script>alert')
          if (!missing) await readInBrowser(join(folder, 'access.html'), person)

          const csv = await ecomdb(
            'report',
            'access',
            ...period,
            '--format',
            'csv',
            '--out',
            'a.csv',
          )
          expect(csv.stdout).toContain('signed by')
          const rows = await readFile(join(folder, 'a.csv'), 'utf8')
          expect(rows).toContain(`,${person},`)
          const beside = await readFile(join(folder, 'a.csv.signed.json'))
          expect(openStatement('access-report', beside, [key.signer], 'it').value).toBeTruthy()
        } finally {
          await leaver.run(`DROP ROLE IF EXISTS ${role}`)
          await leaver.remove()
        }
      }),
    )
  })
})

test('in a browser', t => {
  if (missing) t.skip(missing)
})

/** As an auditor does: no request leaves the page, nothing runs, nothing is cut off. */
async function readInBrowser(file: string, person: string): Promise<void> {
  const started = await startBrowser()
  try {
    const page = await started.newPage({ viewport: { width: 1200, height: 900 } })
    const asked: string[] = []
    page.on('request', request => asked.push(request.url()))
    page.on('dialog', dialog => asked.push(dialog.message()))
    await page.goto(`file://${file}`)
    expect(asked).toEqual([`file://${file}`])
    expect(await page.locator('h1').textContent()).toContain('Who has access')
    expect(await page.getByText(person, { exact: true }).count()).toBeGreaterThan(0)
    for (const width of [1200, 400]) {
      await page.setViewportSize({ width, height: 900 })
      const wide = await page.evaluate('document.documentElement.scrollWidth')
      expect(wide).toBeLessThanOrEqual(width)
    }
  } finally {
    await started.close()
  }
}
