import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { runEcomdb } from '#test/cli'
import { TEST_ENGINES } from '#test/engines'
import { sharedServer } from '#test/servers'
import { withFolder } from '#test/temporary'

interface Item {
  id: string
  verdict: string
  evidence: { subject: string; waiver: { reason: string } | null }[]
}

describe.each(TEST_ENGINES)('%s', family => {
  async function place() {
    const { server } = await sharedServer(family)
    return { ECOMDB_SOCKET: server.socketPath, ECOMDB_USER: 'root' }
  }

  test('harden check: findings, a page, and a waiver with its reason', async () => {
    await withFolder(async cwd => {
      const run = { cwd, env: await place() }
      const { status, json } = await runEcomdb(
        ['harden', 'check', '--json', '--html', 'harden.html'],
        run,
      )
      expect(status).toBe(3)
      const { checks, counts, score } = json().result
      expect(checks.map(({ id }: Item) => id)).toHaveLength(30)
      expect(counts.pass + counts.fail + counts.notApplicable).toBe(30)
      expect(score).toBeLessThan(100)
      const page = await readFile(join(cwd, 'harden.html'), 'utf8')
      expect(page).not.toMatch(/<script|https?:\/\/|@import|url\(/)
      for (const { id } of checks) expect(page).toContain(`>${id}</th>`)

      const waiver = 'check: H17, reason: a trial, until: 2999-01-01'
      await writeFile(join(cwd, 'harden.yaml'), `waivers: [{${waiver}}]\n`)
      await writeFile(join(cwd, 'ecomdb.yaml'), 'harden_policy: harden.yaml\n')
      const waived = await runEcomdb(['harden', 'check', '-q'], run)
      expect(waived.stdout).toMatch(
        /^waiv {2}H17 .*\n +local_infile is ON\n +waived until 2999-01-01: a trial$/m,
      )
      expect(waived.stdout).toMatch(/1 waived, .*; score \d+ of 100\n$/)
    })
  })

  test('harden fix: a plan, which changes nothing', async () => {
    const env = await place()
    const { status, stdout } = await runEcomdb(['harden', 'fix', '--only', 'H17', '-q'], { env })
    expect(status).toBe(3)
    const set = family === 'mysql' ? 'SET PERSIST' : 'SET GLOBAL'
    expect(stdout).toContain(
      `would be executed with --confirm:\n  H17  ${set} local_infile = OFF;\n`,
    )
    if (family === 'mariadb') expect(stdout).toContain('  [mariadbd]\n  local_infile = OFF\n')
    const { engine, server } = await sharedServer(family)
    const session = await engine.connect(server.administrator)
    expect(await session.value('SELECT @@GLOBAL.local_infile')).toBe('1')
    await session.close()
  })
})

test('harden certificates: closed keys, lines to copy, and nothing replaced', async () => {
  await withFolder(async cwd => {
    const args = ['harden', 'certificates', '--out', 'tls', '--name', 'db.example.com']
    const { status, stdout } = await runEcomdb(args, { cwd })
    expect(status).toBe(0)
    const folder = join(cwd, 'tls')
    expect(stdout).toContain(`  ssl_key = ${join(folder, 'server-key.pem')}\n`)
    expect(stdout).toContain('good for localhost, 127.0.0.1, ::1, db.example.com until ')
    for (const name of ['ca-key.pem', 'server-key.pem', 'client-key.pem']) {
      expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600)
    }
    const again = await runEcomdb([...args, '--json'], { cwd })
    expect(again.json()).toMatchObject({ status: 2, error: { code: 'USAGE' } })
  })
})
