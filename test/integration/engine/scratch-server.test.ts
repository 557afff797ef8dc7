import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import {
  mkdir,
  mkdtemp,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { engineFor } from '#cli/wire'
import type { RunningServer, ScratchServers } from '#engine/scratch-server'
import type { ScratchDialect } from '#engine/shared/scratch-dialect'
import { scratchServers } from '#engine/shared/scratch-process'
import { TEST_ENGINES } from '#test/engines'

let parent: string
let folder: string
const started: { servers: ScratchServers; folder: string }[] = []

beforeEach(async () => {
  parent = await realpath(await mkdtemp(join(tmpdir(), 'ecomdb-test-')))
  folder = join(parent, 'server')
})

afterEach(async () => {
  for (const each of started.splice(0)) await each.servers.remove(each.folder).catch(() => {})
  await rm(parent, { recursive: true, force: true })
})

describe.each(TEST_ENGINES)('a private %s server', family => {
  async function servers(): Promise<ScratchServers> {
    const { scratchServers } = await engineFor(family)
    started.push({ servers: scratchServers, folder })
    return scratchServers
  }

  async function ask(server: RunningServer, sql: string): Promise<string | null> {
    const { connect } = await engineFor(family)
    const session = await connect(server.administrator)
    const value = await session.value(sql)
    await session.close()
    return value
  }

  test('starts, is found again by any path to it, and stops', async () => {
    const scratch = await servers()
    const first = await scratch.start({ folder, tcp: true, purpose: 'sandbox' })
    const link = join(parent, 'link')
    await symlink(folder, link)
    const again = await scratch.start({ folder: link, tcp: true, purpose: 'sandbox' })
    expect(again.pid).toBe(first.pid)
    const { connect } = await engineFor(family)
    const session = await connect({ host: '127.0.0.1', port: first.port ?? 0, user: 'root' })
    expect(session.flavor.family).toBe(family)
    await session.close()
    expect(await scratch.inspect(folder)).toMatchObject({ state: 'running', family })
    expect(await scratch.stop(link)).toBe(true)
    expect(await scratch.stop(folder)).toBe(false)
    expect(await scratch.status(folder)).toBeNull()
    expect(await scratch.inspect(folder)).toMatchObject({ state: 'stopped', pid: null })
    const later = await scratch.start({ folder, tcp: true, purpose: 'sandbox' })
    expect(later.port).toBe(first.port)
  })

  test('comes back on its data after a crash', async () => {
    const scratch = await servers()
    const first = await scratch.start({ folder, tcp: false, purpose: 'sandbox' })
    expect(first.port).toBeNull()
    const { connect } = await engineFor(family)
    const session = await connect(first.administrator)
    await session.run('CREATE DATABASE kept')
    await session.run('CREATE TABLE kept.t (id INT PRIMARY KEY)')
    await session.run('INSERT INTO kept.t VALUES (7)')
    process.kill(first.pid, 'SIGKILL')
    await session.close()
    await expect.poll(async () => (await scratch.inspect(folder))?.state).toBe('crashed')
    const second = await scratch.start({ folder, tcp: false, purpose: 'sandbox' })
    expect(second.pid).not.toBe(first.pid)
    expect(await ask(second, 'SELECT id FROM kept.t')).toBe('7')
  })

  test('one that somebody stops is told from one that fails', async () => {
    const scratch = await servers()
    const endings = { SIGTERM: [false, true], SIGABRT: [false, false], SIGKILL: [true, false] }
    for (const [signal, expected] of Object.entries(endings)) {
      const { pid } = await scratch.start({ folder, tcp: false, purpose: 'drill' })
      process.kill(pid, signal)
      const found = [await scratch.wasKilled(folder), await scratch.wasStopped(folder)]
      expect(found, signal).toEqual(expected)
    }
  })

  test('a server that is killed before it has written a word: by what is said', async () => {
    const path = `#engine/${family}/scratch`
    const dialect: ScratchDialect = (await import(path))[`${family}Scratch`]
    const killed = { file: '/bin/sh', args: ['-c', 'sleep 0.1; kill -9 $$'], env: {} }
    const first = await servers()
    await first.start({ folder, tcp: false, purpose: 'drill' })
    await first.stop(folder)
    const commands = [dialect.server(), killed]
    const scratch = scratchServers({ ...dialect, server: () => commands.shift() ?? killed })
    const start = scratch.start({ folder, tcp: false, purpose: 'drill' })
    await expect(start).rejects.toMatchObject({
      code: 'TOOL_KILLED',
      why: 'it ended without a word: killed by SIGKILL',
    })
  })

  test('a program that is a script, and runs others in its place, is not taken for ended', async () => {
    const path = `#engine/${family}/scratch`
    const dialect: ScratchDialect = (await import(path))[`${family}Scratch`]
    const script = join(parent, 'again')
    const again = 'N=$((N + 1)); export N; [ $N -gt 400 ] || exec "$0" "$@"; exec "$@"'
    await writeFile(script, `#!/bin/sh\n${again}\n`, { mode: 0o755 })
    const { file, args, env } = dialect.server()
    const wrapped = { file: script, args: [file, ...args], env }
    await servers()
    const scratch = scratchServers({ ...dialect, server: () => wrapped })
    const server = await scratch.start({ folder, tcp: false, purpose: 'drill' })
    expect(await ask(server, 'SELECT 1')).toBe('1')
  })

  test('two starts at once give one server', async () => {
    const scratch = await servers()
    const options = { folder, tcp: true, purpose: 'drill' } as const
    const all = await Promise.all([scratch.start(options), scratch.start(options)])
    expect(all[0].pid).toBe(all[1].pid)
  })

  test('removing and starting at once leaves a server that works', async () => {
    const scratch = await servers()
    const options = { folder, tcp: false, purpose: 'drill' } as const
    await scratch.start(options)
    await Promise.all([scratch.remove(folder), scratch.start(options)])
    const server = await scratch.start(options)
    expect(await ask(server, 'SELECT 1 + 1')).toBe('2')
  })

  test('is not mistaken for another program with its old process id', async () => {
    const scratch = await servers()
    const first = await scratch.start({ folder, tcp: false, purpose: 'drill' })
    await scratch.stop(folder)
    const stranger = spawn('sleep', ['900'])
    try {
      const record = { format: 1, family, pid: stranger.pid, port: null }
      await writeFile(join(folder, 'server.json'), JSON.stringify(record))
      await writeFile(join(folder, 'server.pid'), String(stranger.pid))
      expect(await scratch.status(folder)).toBeNull()
      expect(await scratch.stop(folder)).toBe(false)
      const second = await scratch.start({ folder, tcp: false, purpose: 'drill' })
      expect(second.pid).not.toBe(first.pid)
      await scratch.remove(folder)
      expect(stranger.exitCode ?? stranger.signalCode).toBeNull()
    } finally {
      stranger.kill('SIGKILL')
    }
  })

  test('is found when its starter died before writing its number down', async () => {
    const scratch = await servers()
    const first = await scratch.start({ folder, tcp: false, purpose: 'drill' })
    const record = { format: 1, family, pid: null, port: null }
    await writeFile(join(folder, 'server.json'), JSON.stringify(record))
    await rm(join(folder, 'server.pid'))
    const again = await scratch.start({ folder, tcp: false, purpose: 'drill' })
    expect(again.pid).toBe(first.pid)
  })

  test('works in a folder with a long path, and refuses one that no server can hold', async () => {
    const scratch = await servers()
    folder = join(parent, 'a'.repeat(120), 'b'.repeat(120))
    started.push({ servers: scratch, folder })
    const server = await scratch.start({ folder, tcp: false, purpose: 'drill' })
    expect(Buffer.byteLength(server.socketPath)).toBeLessThan(108)
    await scratch.remove(folder)
    await expect(stat(server.socketPath)).rejects.toThrow('ENOENT')
    const longer = join(folder, 'c'.repeat(200))
    await expect(
      scratch.start({ folder: longer, tcp: false, purpose: 'drill' }),
    ).rejects.toMatchObject({ code: 'UNSUPPORTED', hints: [expect.stringMatching('shorter')] })
    await expect(stat(longer)).rejects.toThrow('ENOENT')
  })

  test('makes a half-made data directory again', async () => {
    const scratch = await servers()
    const first = await scratch.start({ folder, tcp: false, purpose: 'drill' })
    await scratch.stop(first.folder)
    await rename(join(folder, 'data'), join(folder, 'data.partial'))
    await rm(join(folder, 'data.partial/ibdata1'))
    const second = await scratch.start({ folder, tcp: false, purpose: 'drill' })
    expect(await ask(second, 'SELECT 1 + 1')).toBe('2')
    await expect(stat(join(folder, 'data.partial'))).rejects.toThrow('ENOENT')
  })

  test('is closed to others, and keeps nothing of its starter', async () => {
    const scratch = await servers()
    const server = await scratch.start({ folder, tcp: false, purpose: 'sandbox' })
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
    expect((await stat(join(folder, 'server.log'))).mode & 0o777).toBe(0o600)
    const input = await readlink(`/proc/${server.pid}/fd/0`)
    const output = await readlink(`/proc/${server.pid}/fd/1`)
    expect([input, output]).toEqual(['/dev/null', join(folder, 'server.log')])
    expect(await readlink(`/proc/${server.pid}/cwd`)).toMatch(folder)
    const environment = await readFile(`/proc/${server.pid}/environ`, 'utf8')
    expect(environment).not.toContain('VITEST')
  })

  test('refuses a folder with other files, and deletes none', async () => {
    const scratch = await servers()
    await mkdir(folder)
    await writeFile(join(folder, 'thesis.txt'), 'years of work')
    const start = scratch.start({ folder, tcp: false, purpose: 'drill' })
    await expect(start).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    await expect(scratch.remove(folder)).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    expect(await readFile(join(folder, 'thesis.txt'), 'utf8')).toBe('years of work')
    expect(await scratch.remove(join(parent, 'nothing'))).toBe(false)
  })

  test("refuses the other engine's folder and data", async () => {
    const scratch = await servers()
    await scratch.start({ folder, tcp: false, purpose: 'drill' })
    await scratch.stop(folder)
    const other = await engineFor(family === 'mysql' ? 'mariadb' : 'mysql')
    const start = other.scratchServers.start({ folder, tcp: false, purpose: 'drill' })
    await expect(start).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      what: expect.stringContaining(`a private ${family} server`),
    })
    const record = { format: 1, family: other.family, pid: null, port: null }
    await writeFile(join(folder, 'server.json'), JSON.stringify(record))
    await expect(
      other.scratchServers.start({ folder, tcp: false, purpose: 'drill' }),
    ).rejects.toMatchObject({ code: 'UNSUPPORTED', what: expect.stringContaining('data') })
  })

  test('refuses data of a newer version, and says which', async () => {
    const scratch = await servers()
    const { folder: path } = await scratch.start({ folder, tcp: false, purpose: 'drill' })
    await scratch.stop(folder)
    await writeVersion(join(path, 'data'), '99.1.0')
    await expect(scratch.start({ folder, tcp: false, purpose: 'drill' })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      why: expect.stringContaining('99.1.0'),
    })
  })

  test('says what the log says when the server does not start, and leaves none behind', async () => {
    const scratch = await servers()
    const options = { folder, tcp: false, purpose: 'drill' } as const
    await expect(
      scratch.start({ ...options, serverOptions: ['--no-such-option=1'] }),
    ).rejects.toMatchObject({
      code: 'TOOL_FAILED',
      why: expect.stringContaining('no-such-option'),
      hints: [expect.stringContaining('server.log')],
    })
    expect(await scratch.status(folder)).toBeNull()
    expect(await ask(await scratch.start(options), 'SELECT 1')).toBe('1')
  })

  test('says that root has got a password, and is removed all the same', async () => {
    const scratch = await servers()
    const options = { folder, tcp: false, purpose: 'drill' } as const
    const server = await scratch.start(options)
    const { connect } = await engineFor(family)
    const session = await connect(server.administrator)
    await session.run("ALTER USER root@localhost IDENTIFIED BY 'correct horse 9'")
    await session.close()
    await expect(scratch.start(options)).rejects.toMatchObject({ code: 'AUTHENTICATION_REFUSED' })
    expect(await scratch.remove(folder)).toBe(true)
    expect(await scratch.inspect(folder)).toBeNull()
  })

  async function writeVersion(data: string, version: string): Promise<void> {
    if (family === 'mariadb') await writeFile(upgradeFile(data), version)
    else {
      const history = { file_format: '1', upgrade_history: [{ version }] }
      await writeFile(join(data, 'mysql_upgrade_history'), JSON.stringify(history))
    }
  }
})

const mysqlTest = test.skipIf(!TEST_ENGINES.includes('mysql'))
mysqlTest('each private mysql server has a UUID and keys of its own', async () => {
  const { scratchServers } = await engineFor('mysql')
  const folders = [join(parent, 'one'), join(parent, 'two')]
  const ids: string[] = []
  for (const each of folders) {
    started.push({ servers: scratchServers, folder: each })
    await scratchServers.start({ folder: each, tcp: false, purpose: 'sandbox' })
    ids.push(await readFile(join(each, 'data/auto.cnf'), 'utf8'))
    ids.push(await readFile(join(each, 'data/server-key.pem'), 'utf8'))
  }
  expect(new Set(ids).size).toBe(4)
})

const mariadbTest = test.skipIf(!TEST_ENGINES.includes('mariadb'))
mariadbTest('data of an older mariadb is upgraded', async () => {
  const { scratchServers } = await engineFor('mariadb')
  started.push({ servers: scratchServers, folder })
  const options = { folder, tcp: false, purpose: 'drill' } as const
  await scratchServers.start(options)
  await scratchServers.stop(folder)
  const file = upgradeFile(join(folder, 'data'))
  await writeFile(file, '10.6.5-MariaDB')
  const { version } = await scratchServers.start(options)
  expect(version).toContain((await readFile(file, 'utf8')).trim())
})

/** Since MariaDB 11 it has its own name. */
function upgradeFile(data: string): string {
  const names = ['mariadb_upgrade_info', 'mysql_upgrade_info'].map(name => join(data, name))
  const found = names.find(existsSync)
  if (!found) throw new Error(`no upgrade file in ${data}`)
  return found
}
