import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { backupKeys, targetPlace } from '#config/config'
import { loadConfig } from '#config/load-config'
import type { EcomdbError } from '#core/errors'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ecomdb-test-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function load(text: string, environment: NodeJS.ProcessEnv = {}, flags = {}) {
  const file = join(folder, 'ecomdb.yaml')
  await writeFile(file, text)
  return await loadConfig({ file, environment, flags })
}

async function mistakesIn(text: string): Promise<string[]> {
  const error = await load(text).then(
    () => null,
    (thrown: EcomdbError) => thrown,
  )
  expect(error).toMatchObject({ code: 'CONFIG_INVALID', exitCode: 78 })
  return (error?.why ?? '').split('\n').map(line => line.replace(`${folder}/`, ''))
}

test.each([
  ['[age1a, age1b]', '', 0],
  ['[age1a, age1a]', '', 1],
  ['[age1a]', '', 1],
  ['[age1a]', ', single_recipient: true', 0],
])('a backup for %s%s warns that one key alone opens it: %i', async (recipients, more, count) => {
  const config = await load(
    `keys: {recipients: ${recipients}, signing_key_file: s, dedup_key_file: d${more}}`,
  )
  const warnings: string[] = []
  expect(backupKeys(config, text => warnings.push(text)).recipients).toContain('age1a')
  expect(warnings).toEqual(Array(count).fill(expect.stringContaining('one key alone opens')))
})

test('paths in the file are relative to the file', async () => {
  const config = await load(
    'server: {socket: run/s.sock, user: u, password_file: p, database: d}\ntarget: {directory: ../backup}\nkeys: {identity_files: [k]}\n',
  )
  expect(config.server).toMatchObject({
    engine: 'auto',
    socketPath: join(folder, 'run/s.sock'),
    passwordFile: join(folder, 'p'),
    database: 'd',
  })
  expect(targetPlace(config)).toEqual({ directory: join(folder, '../backup') })
  expect(config.keys.identityFiles).toEqual([join(folder, 'k')])
})

test('flags win over the environment, which wins over the file', async () => {
  const text = 'server: {host: a, port: 1, user: u, database: d}\n'
  const environment = { ECOMDB_USER: 'v', ECOMDB_DATABASE: 'e', ECOMDB_PORT: '2' }
  const { server } = await load(text, environment, { database: 'f' })
  expect(server).toMatchObject({ host: 'a', port: 2, user: 'v', database: 'f' })
})

test('a socket replaces a host of a weaker source, and a host a socket', async () => {
  const bySocket = await load('server: {host: a, port: 1}\n', { ECOMDB_SOCKET: '/s' })
  expect(bySocket.server).toMatchObject({ socketPath: '/s', host: undefined, port: undefined })
  const byHost = await load('server: {socket: x}\n', { ECOMDB_SOCKET: '/s' }, { host: 'b' })
  expect(byHost.server).toMatchObject({ socketPath: undefined, host: 'b' })
})

test("the file's password is not used for another account than the file's", async () => {
  const text = 'server: {user: u, password_file: p}\n'
  const own = { passwordFile: join(folder, 'p') }
  expect((await load(text, {}, { user: 'u' })).server).toMatchObject(own)
  expect((await load(text, {}, { user: 'root' })).server.passwordFile).toBeUndefined()
  expect((await load(text, { ECOMDB_USER: 'root' })).server.passwordFile).toBeUndefined()
  expect((await load('server: {password_file: p}\n', {}, { user: 'v' })).server).toMatchObject(own)
})

test('the environment alone is enough', async () => {
  const config = await loadConfig({
    file: undefined,
    environment: { ECOMDB_SOCKET: '/s', ECOMDB_USER: 'root', ECOMDB_PASSWORD: 'pw' },
  })
  expect(config.file).toBeNull()
  expect(config.server.password?.reveal()).toBe('pw')
  expect(JSON.stringify(config)).not.toContain('"pw"')
})

test('a password file of a flag wins over a password of the environment', async () => {
  const environment = { ECOMDB_PASSWORD: 'pw', ECOMDB_PASSWORD_FILE: 'e' }
  expect((await load('', environment)).server.password?.reveal()).toBe('pw')
  const { server } = await load('', environment, { 'password-file': '/f' })
  expect(server).toMatchObject({ password: undefined, passwordFile: '/f' })
})

test('nothing at all is refused, and so is a named file that is not there', async () => {
  await expect(loadConfig({ environment: {} })).rejects.toMatchObject({ code: 'CONFIG_NOT_FOUND' })
  await expect(
    loadConfig({ environment: { ECOMDB_CONFIG: join(folder, 'no') } }),
  ).rejects.toMatchObject({ code: 'CONFIG_NOT_FOUND' })
})

test('an empty file is an empty configuration, and a missing target is named', async () => {
  const config = await load('# nothing yet\n')
  expect(() => targetPlace(config)).toThrow(/target is not set/)
})

test('every mistake is told with line, column, key and what was expected', async () => {
  expect(
    await mistakesIn(
      'server:\n  hots: db1\n  port: seventy\n  engine: postgres\ntargett:\n  directory: x\nkeys:\n  recipients:\n    - rsa1\n    - [2]\n',
    ),
  ).toMatchInlineSnapshot(`
    [
      "ecomdb.yaml:2:3: server.hots: unknown key; did you mean "host"?",
      "ecomdb.yaml:3:9: server.port: expected a number, got "seventy"",
      "ecomdb.yaml:4:11: server.engine: expected one of auto, mysql, mariadb, got "postgres"",
      "ecomdb.yaml:5:1: targett: unknown key; did you mean "target"?",
      "ecomdb.yaml:9:7: keys.recipients.0: expected an age public key (age1…), got "rsa1"",
      "ecomdb.yaml:10:7: keys.recipients.1: expected text, got a list",
    ]
  `)
})

test.each([
  ['server: [1]\n', 'ecomdb.yaml:1:9: server: expected keys with values, got a list'],
  ['- 1\n', 'ecomdb.yaml:1:1: the file: expected keys with values, got a list'],
  ['server:\n  port: 99999\n', 'ecomdb.yaml:2:9: server.port: expected 65535 or less, got 99999'],
  [
    'server:\n  user: ""\n',
    'ecomdb.yaml:2:9: server.user: expected text that is not empty, got ""',
  ],
  ['server:\n  user:\n', 'ecomdb.yaml:2:8: server.user: expected text, got nothing'],
  [
    'server:\n  socket: s\n  port: 1\n',
    'ecomdb.yaml:3:3: server.port: expected either socket, or host and port, got both',
  ],
])('%j', async (text, mistake) => {
  expect(await mistakesIn(text)).toEqual([mistake])
})

test.each([
  ['server: {user: a\n', /^ecomdb\.yaml:2:1: not valid YAML: /],
  ['server: {}\nserver: {}\n', /^ecomdb\.yaml:2:1: not valid YAML: Map keys must be unique/],
  [
    'server:\n  password: hunter2\n',
    /^ecomdb\.yaml:2:3: server\.password: a password does not belong here/,
  ],
])('%j', async (text, mistake) => {
  const [first] = await mistakesIn(text)
  expect(first).toMatch(mistake)
  expect(first).not.toContain('hunter2')
})

test('a wrong port or engine in the environment is named', async () => {
  await expect(load('', { ECOMDB_PORT: '0x' })).rejects.toThrow(/ECOMDB_PORT is no port: "0x"/)
  await expect(load('', { ECOMDB_ENGINE: 'pg' })).rejects.toThrow(/unknown engine "pg"/)
})

test('with --from the repository is known beside the copy', async () => {
  const text = 'target: {directory: /b}\ncopies: [{name: disks, directory: /mnt/disk}]\n'
  for (const from of ['disks', '/mnt/disk']) {
    const config = await load(text, {}, { from })
    expect(targetPlace(config)).toMatchObject({ directory: '/mnt/disk' })
    expect(config.copiedFrom).toMatchObject({ directory: '/b' })
  }
  expect((await load(text)).copiedFrom).toBeNull()
  expect((await load('', {}, { from: '/mnt/disk' })).copiedFrom).toBeNull()
})
