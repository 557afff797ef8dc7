import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { backupKeys } from '#config/config'
import { loadConfig } from '#config/load-config'
import { packageRoot } from '#core/paths'
import { cliEnvironment, runEcomdb } from '#test/cli'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ecomdb-test-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const init = (args: string[] = [], env: Record<string, string> = {}) =>
  runEcomdb(['init', '--yes', ...args], { cwd: folder, env })

/** Every file with its bytes and mode. */
async function tree(): Promise<Record<string, string>> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = names.filter(entry => entry.isFile()).map(e => join(e.parentPath, e.name))
  const entries = files.sort().map(async file => {
    const mode = ((await stat(file)).mode & 0o777).toString(8)
    return [file.slice(folder.length + 1), `${mode} ${await readFile(file, 'base64')}`]
  })
  return Object.fromEntries(await Promise.all(entries))
}

const modeOf = async (name: string): Promise<string> =>
  ((await stat(join(folder, name))).mode & 0o777).toString(8)

test('makes a configuration that holds, keys that others cannot read, a repository', async () => {
  const { status, stdout } = await init(['--target', 'b', '--socket', 's.sock'], {
    ECOMDB_PASSWORD: 'pass: "#word',
    ECOMDB_USER: 'root',
  })
  expect(status).toBe(0)
  expect(stdout).toMatch(/TAKE AWAY NOW.*\n.*take-away\/escrow\.identity/)
  const config = await loadConfig({ file: join(folder, 'ecomdb.yaml'), environment: {} })
  expect(config.server).toMatchObject({ socketPath: join(folder, 's.sock'), user: 'root' })
  expect(await readFile(config.server.passwordFile ?? '', 'utf8')).toBe('pass: "#word\n')
  expect(config.target.place?.directory).toBe(join(folder, 'b'))
  expect(backupKeys(config, () => {}).recipients).toHaveLength(2)
  expect(existsSync(join(folder, 'b/ecomdb-repository.json'))).toBe(true)
  expect(await modeOf('keys')).toBe('700')
  expect(await modeOf('take-away')).toBe('700')
  for (const name of ['signing.key', 'dedup.key', 'operations.identity', 'server.password']) {
    expect([name, await modeOf(`keys/${name}`)]).toEqual([name, '600'])
  }
  expect(await modeOf('take-away/escrow.identity')).toBe('600')
  expect(await readFile(join(folder, 'ecomdb.yaml'), 'utf8')).toMatch(
    /^# yaml-language-server: \$schema=.*ecomdb\.schema\.json\n/,
  )
})

test('a second run changes nothing and says so', async () => {
  await init(['--target', 'b'])
  const before = await tree()
  const { status, json } = await init(['--json'])
  expect(status).toBe(0)
  expect(new Set(json().result.items.map((item: { action: string }) => item.action))).toEqual(
    new Set(['keep']),
  )
  expect(await tree()).toEqual(before)
})

test('a run that was cut off is completed with the keys that are there', async () => {
  await init(['--target', 'b'])
  const before = await tree()
  for (const name of ['ecomdb.yaml', 'keys/recipients.txt', 'keys/dedup.key']) {
    await rm(join(folder, name))
  }
  await init(['--target', 'b'])
  const after = await tree()
  expect(after['keys/dedup.key']).not.toBe(before['keys/dedup.key'])
  expect({ ...after, 'keys/dedup.key': '' }).toEqual({ ...before, 'keys/dedup.key': '' })
})

test('an escrow key that was taken away is not made again', async () => {
  await init(['--target', 'b'])
  await rm(join(folder, 'take-away'), { recursive: true })
  const { stdout, status } = await init()
  expect(status).toBe(0)
  expect(stdout).not.toContain('TAKE AWAY')
  expect(stdout).toContain('gone')
  expect(existsSync(join(folder, 'take-away'))).toBe(false)
})

test('on a database host both private keys are to be taken away', async () => {
  const { json } = await init(['--target', 'b', '--runs-on', 'database', '--json'])
  const away = ['operations', 'escrow'].map(name => join(folder, `take-away/${name}.identity`))
  expect(json().result.takeAway).toEqual(away)
  const config = await loadConfig({ file: join(folder, 'ecomdb.yaml'), environment: {} })
  expect(config).toMatchObject({ runsOn: 'database', keys: { identityFiles: [] } })
  expect(existsSync(join(folder, 'keys/operations.identity'))).toBe(false)
})

test('--dry-run names everything and writes nothing', async () => {
  const { status, stdout } = await init(['--target', 'b', '--dry-run'])
  expect(status).toBe(0)
  expect(stdout).toContain(`would make  ${folder}/keys/signing.key`)
  expect(stdout).toContain('dry run: nothing was written')
  expect(await readdir(folder)).toEqual([])
})

test('no secret is printed, in text or JSON', async () => {
  const text = await init(['--target', 'b'], { ECOMDB_PASSWORD: 'hunter2' })
  const json = await init(['--json'], { ECOMDB_PASSWORD: 'hunter2' })
  const secrets = ['hunter2', 'AGE-SECRET-KEY', 'PRIVATE KEY']
  const printed = text.stdout + text.stderr + json.stdout + json.stderr
  expect(secrets.filter(secret => printed.includes(secret))).toEqual([])
})

test('without a terminal a missing target is wrong usage, not a question', async () => {
  const { status, stderr } = await runEcomdb(['init'], { cwd: folder })
  expect(status).toBe(2)
  expect(stderr).toContain(
    'give --target FOLDER or --target s3://BUCKET/PREFIX, or set ECOMDB_TARGET',
  )
  expect(await readdir(folder)).toEqual([])
})

test('another target than that of the configuration is refused; another server is warned of', async () => {
  await init(['--target', 'b'])
  const before = await tree()
  const target = await init(['--target', 'c'])
  expect(target.status).toBe(2)
  expect(target.stderr).toContain('names another target')
  const server = await init(['--host', 'db2'])
  expect(server.status).toBe(0)
  expect(server.stderr).toContain('the server named now is not written to it')
  expect(await tree()).toEqual(before)
})

test('a target with other files in it is refused before a key is made', async () => {
  await mkdir(join(folder, 'b'))
  await writeFile(join(folder, 'b/holiday.jpg'), '')
  const { status } = await init(['--target', 'b'])
  expect(status).toBe(10)
  expect(await readdir(folder)).toEqual(['b'])
})

test('a folder that cannot be made is told, with nothing half-written', async () => {
  await writeFile(join(folder, 'file'), '')
  const { status, stderr } = await init(['--target', 'b', '--folder', 'file'])
  expect(status).toBe(30)
  expect(stderr).toContain(`error: cannot make ${folder}/file/keys/operations.identity`)
  expect(await readdir(folder)).toEqual(['file'])
})

/** Runs `ecomdb init` on a terminal of its own, by script(1), and answers its questions. */
async function onTerminal(answers: [RegExp, string][]) {
  const command = `${join(packageRoot(), 'bin/ecomdb')} init`
  const child = spawn('script', ['-qefc', command, '/dev/null'], {
    cwd: folder,
    env: { ...cliEnvironment(folder, { TERM: 'xterm' }), SHELL: '/bin/sh' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let shown = ''
  let unread = ''
  child.stdout.on('data', chunk => {
    shown += chunk
    unread += chunk
    const [question, answer] = answers[0] ?? []
    if (!question?.test(unread)) return
    unread = ''
    answers.shift()
    child.stdin.write(answer)
  })
  const status = await new Promise(resolve => child.once('close', resolve))
  return { status, shown }
}

test('on a terminal it asks, and shows no password', async () => {
  const { status, shown } = await onTerminal([
    [/Server:/, '/run/my.sock\r'],
    [/Account/, '\r'],
    [/Password/, 'hunter2\r'],
    [/schema/, '\r'],
    [/Folder/, `${folder}/b\r`],
    [/This host is/, '\r'],
  ])
  expect(status, shown).toBe(0)
  expect(shown).not.toContain('hunter2')
  const config = await loadConfig({ file: join(folder, 'ecomdb.yaml'), environment: {} })
  expect(config.server).toMatchObject({ socketPath: '/run/my.sock', user: 'ecomdb_backup' })
  expect(await readFile(join(folder, 'keys/server.password'), 'utf8')).toBe('hunter2\n')
})

test('Ctrl-C at a question: exit 130, nothing written', async () => {
  const { status, shown } = await onTerminal([
    [/Server:/, '/run/my.sock\r'],
    [/Account/, '\u0003'],
  ])
  expect(status).toBe(130)
  expect(shown).toContain('code: INTERRUPTED (exit 130)')
  expect(existsSync(join(folder, 'keys'))).toBe(false)
})
