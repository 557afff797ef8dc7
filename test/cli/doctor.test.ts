import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { quoteAccount, quoteString } from '#engine/quote'
import { runEcomdb } from '#test/cli'
import { TEST_ENGINES } from '#test/engines'
import { sharedServer } from '#test/servers'

interface Finding {
  status: string
  subject: string
  detail: string
  next?: string
}

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ecomdb-test-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function doctor(env: Record<string, string> = {}) {
  const { status, json } = await runEcomdb(['doctor', '--json'], { cwd: folder, env })
  const findings: Finding[] = json().result.findings
  const bad = findings.filter(finding => ['warn', 'fail'].includes(finding.status))
  return { status, findings, bad: bad.map(({ status: s, subject }) => `${s} ${subject}`) }
}

describe.each(TEST_ENGINES)('%s', family => {
  async function initialised(...args: string[]): Promise<void> {
    const { server } = await sharedServer(family)
    const place = ['--socket', server.socketPath, '--user', 'root', '--target', 'b']
    await runEcomdb(['init', '--yes', ...place, ...args], { cwd: folder })
  }

  test('healthy, once the escrow key was taken away: exit 0', async () => {
    await initialised()
    expect(await doctor()).toMatchObject({ status: 3, bad: ['warn escrow key'] })
    await rm(join(folder, 'take-away'), { recursive: true })
    const { status, findings, bad } = await doctor()
    expect({ status, bad }).toEqual({ status: 0, bad: [] })
    const server = findings.find(({ subject }) => subject === 'server')
    expect(server?.detail).toMatch(new RegExp(`^${family} .* as root@localhost`))
  })

  test('a private key on a database host is a failure, and the right to delete backups', async () => {
    await initialised('--runs-on', 'database')
    await rm(join(folder, 'take-away'), { recursive: true })
    // A folder that it can write is one that it can empty.
    const right = 'fail right to delete'
    expect(await doctor()).toMatchObject({ status: 3, bad: [right] })
    await writeFile(join(folder, 'keys/forgotten.txt'), '# mine\nAGE-SECRET-KEY-1ABC\n')
    expect(await doctor()).toMatchObject({ status: 3, bad: [right, 'fail private key'] })
  })

  test('a key that seals the audit trail is a failure on a database host, and on no other', async () => {
    await initialised('--runs-on', 'database')
    await rm(join(folder, 'take-away'), { recursive: true })
    const rotated = await runEcomdb(['key', 'rotate', 'audit'], { cwd: folder })
    expect(rotated.status, rotated.stderr).toBe(0)
    const { bad } = await doctor()
    expect(bad).toEqual(['fail right to delete', 'fail sealing key'])
    const config = join(folder, 'ecomdb.yaml')
    const text = await readFile(config, 'utf8')
    // Taken out of the configuration, it lies there nevertheless.
    await writeFile(config, text.replace(/^ *signing_key_file: .*audit.*\n/m, ''))
    expect((await doctor()).bad).toContain('fail sealing key')
    await writeFile(config, text.replace('runs_on: database', 'runs_on: all'))
    expect((await doctor()).bad).not.toContain('fail sealing key')
  })

  test('key files that others may read, a missing one, an emptied target', async () => {
    await initialised()
    await rm(join(folder, 'take-away'), { recursive: true })
    await chmod(join(folder, 'keys/signing.key'), 0o644)
    await rm(join(folder, 'keys/dedup.key'))
    await rm(join(folder, 'b'), { recursive: true })
    await mkdir(join(folder, 'b'))
    const { status, bad } = await doctor()
    expect(status).toBe(3)
    expect(bad).toEqual(['fail target', 'fail key file', 'fail key file'])
  })

  test('an account without the privileges for backups', async () => {
    const { engine, server } = await sharedServer(family)
    const session = await engine.connect(server.administrator)
    const account = quoteAccount('t_doctor', 'localhost')
    try {
      await session.run(`CREATE USER ${account} IDENTIFIED BY ${quoteString('pass word')}`)
      await session.run(`GRANT SELECT, RELOAD ON *.* TO ${account}`)
      const env = { ECOMDB_SOCKET: server.socketPath, ECOMDB_USER: 't_doctor' }
      const { findings } = await doctor({ ...env, ECOMDB_PASSWORD: 'pass word' })
      const lacks = findings.filter(({ detail }) => detail.includes(' lacks '))
      expect(
        lacks.map(({ status, detail }) => `${status} ${detail.split(' ').slice(1).join(' ')}`),
      ).toEqual(
        expect.arrayContaining([
          'fail lacks SHOW VIEW: read the definitions of views',
          'warn lacks PROCESS: wait for long work before locking',
        ]),
      )
      expect(lacks.some(({ detail }) => / (SELECT|RELOAD):/.test(detail))).toBe(false)
      const refused = await doctor({ ...env, ECOMDB_PASSWORD: 'wrong' })
      expect(refused.bad).toContain('fail server')
    } finally {
      await session.run(`DROP USER IF EXISTS ${account}`)
      await session.close()
    }
  })
})

test('without anything: says what to do, exit 3, in text too', async () => {
  expect(await doctor()).toMatchObject({ status: 3, bad: ['fail configuration'] })
  const { status, stdout } = await runEcomdb(['doctor'], { cwd: folder })
  expect(status).toBe(3)
  expect(stdout).toMatch(
    /^fail {2}configuration {2}there is no ecomdb\.yaml.*\n +next: run `ecomdb init`/,
  )
  expect(stdout).toContain('1 to repair, 0 to look at')
})

test('an unreachable server, by socket and by port', async () => {
  const bySocket = await doctor({ ECOMDB_SOCKET: join(folder, 'none.sock') })
  expect(bySocket.bad).toContain('fail server')
  const byPort = await doctor({ ECOMDB_HOST: '127.0.0.1', ECOMDB_PORT: '1' })
  expect(byPort.bad).toContain('fail server')
})
