import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { quoteAccount, quoteString } from '#engine/quote'
import { runEcomdb } from '#test/cli'
import { TEST_ENGINES } from '#test/engines'
import { sharedServer } from '#test/servers'

// How every command that needs a server meets a wrong configuration; one stands for all.

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ecomdb-test-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const COMMAND = ['report', 'orders', '--from', '2013-01-01', '--to', '2013-01-31']

async function fail(env: Record<string, string> = {}, args: string[] = []) {
  const text = await runEcomdb([...COMMAND, ...args], { cwd: folder, env })
  const { status, json } = await runEcomdb([...COMMAND, ...args, '--json'], { cwd: folder, env })
  expect([text.stdout, text.status]).toEqual(['', status])
  return { status, stderr: text.stderr, error: json().error }
}

test('no configuration at all', async () => {
  const { status, stderr } = await fail()
  expect(status).toBe(78)
  expect(stderr).toContain(`error: there is no ecomdb.yaml\n  why:  it was looked for in ${folder}`)
  expect(stderr).toContain('hint: run `ecomdb init` to make one')
})

test('a mistake is told with its line and column', async () => {
  await writeFile(join(folder, 'ecomdb.yaml'), 'server:\n  hots: db1\n  port: x\n')
  const { status, stderr, error } = await fail()
  expect(status).toBe(78)
  expect(error?.code).toBe('CONFIG_INVALID')
  expect(stderr).toContain(
    `${folder}/ecomdb.yaml:2:3: server.hots: unknown key; did you mean "host"?`,
  )
  expect(stderr).toContain(`${folder}/ecomdb.yaml:3:9: server.port: expected a number, got "x"`)
})

test.each([
  ['a socket', { ECOMDB_SOCKET: '/nowhere/s.sock' }, '/nowhere/s.sock'],
  ['a port', { ECOMDB_HOST: '127.0.0.1', ECOMDB_PORT: '1' }, '127.0.0.1:1'],
  ['a name', { ECOMDB_HOST: 'nowhere.invalid' }, 'nowhere.invalid:3306'],
])('an unreachable server, by %s', async (_by, env, place) => {
  const { status, stderr, error } = await fail({ ...env, ECOMDB_USER: 'u' })
  expect([status, error?.code]).toEqual([20, 'SERVER_UNREACHABLE'])
  expect(stderr).toContain(`error: cannot connect to 'u' at ${place}`)
})

describe('a password file', () => {
  const file = () => join(folder, 'password')

  test('that others may read is not used', async () => {
    await writeFile(file(), 'hunter2\n')
    await chmod(file(), 0o640)
    const { status, stderr, error } = await fail({ ECOMDB_PASSWORD_FILE: file(), ECOMDB_HOST: 'x' })
    expect([status, error?.code]).toEqual([78, 'SECRET_MISSING'])
    expect(stderr).toContain('its mode is 0640, and 0600 is expected')
    expect(stderr).toContain(`run \`chmod 600 ${file()}\``)
    expect(stderr).not.toContain('hunter2')
  })

  test.each([
    ['is missing', async () => {}, 'there is no such file'],
    ['is empty', () => writeFile(file(), '', { mode: 0o600 }), 'it should hold'],
  ])('that %s', async (_how, make, why) => {
    await make()
    const { status, stderr } = await fail({ ECOMDB_PASSWORD_FILE: file(), ECOMDB_HOST: 'x' })
    expect(status).toBe(78)
    expect(stderr).toContain(why)
  })
})

describe.each(TEST_ENGINES)('%s', family => {
  test('a wrong password', async () => {
    const { engine, server } = await sharedServer(family)
    const session = await engine.connect(server.administrator)
    const account = quoteAccount('t_badpw', 'localhost')
    try {
      await session.run(`CREATE USER ${account} IDENTIFIED BY ${quoteString('right')}`)
      const env = { ECOMDB_SOCKET: server.socketPath, ECOMDB_USER: 't_badpw' }
      const { status, stderr, error } = await fail({ ...env, ECOMDB_PASSWORD: 'hunter2' })
      expect([status, error?.code]).toEqual([22, 'AUTHENTICATION_REFUSED'])
      expect(stderr).toContain(`cannot connect to 't_badpw' at ${server.socketPath}`)
      expect(stderr).not.toContain('hunter2')
    } finally {
      await session.run(`DROP USER IF EXISTS ${account}`)
      await session.close()
    }
  })

  test('a signing key that others may read is not used, and nothing is stored', async () => {
    const { server } = await sharedServer(family)
    const place = ['--socket', server.socketPath, '--user', 'root', '--target', 'b']
    await runEcomdb(['init', '--yes', ...place], { cwd: folder })
    await chmod(join(folder, 'keys/signing.key'), 0o644)
    const { status, stderr } = await runEcomdb(['backup', 'logical'], { cwd: folder })
    expect(status).toBe(78)
    expect(stderr).toContain('signing.key is open to other users, so it is not used')
    expect(stderr).toContain('code: SECRET_MISSING (exit 78)')
    expect(await readdir(join(folder, 'b'))).not.toContain('snapshots')
  })

  test('the other engine than the configuration says', async () => {
    const { server } = await sharedServer(family)
    const other = family === 'mysql' ? 'mariadb' : 'mysql'
    const env = { ECOMDB_SOCKET: server.socketPath, ECOMDB_USER: 'root', ECOMDB_ENGINE: other }
    const { status, stderr } = await fail(env)
    expect(status).toBe(78)
    expect(stderr).toMatch(new RegExp(`error: the server is ${family} .*, and not ${other}`))
  })
})
