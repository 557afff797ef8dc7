import { spawn, spawnSync } from 'node:child_process'
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  realpath,
  rm,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { cacheFolder, packageRoot } from '#core/paths'
import { cliEnvironment, runEcomdb } from '#test/cli'
import { SLOW_TEST_ENGINES } from '#test/engines'

let state: string
let env: Record<string, string>

beforeEach(async () => {
  state = await realpath(await mkdtemp(join(tmpdir(), 'ecomdb-test-')))
  env = { ECOMDB_STATE: state }
})

afterEach(async () => {
  const { sandboxes } = (await runEcomdb(['sandbox', 'status', '--json'], { env })).json().result
  for (const { engine, name } of sandboxes) {
    const which = ['--engine', engine, '--name', name, '--confirm', name]
    await runEcomdb(['sandbox', 'remove', ...which], { env })
  }
  await rm(state, { recursive: true })
})

test('a server’s data directory takes no other server into it', async () => {
  await writeFile(join(state, 'ibdata1'), '')
  const inside = { ECOMDB_STATE: join(state, '.local/state/ecomdb') }
  const started = await runEcomdb(['sandbox', 'start'], { env: inside })
  expect(started.status).toBe(2)
  expect(started.stderr).toContain('which takes everything in it for its own')
  expect(started.stderr).toContain('hint: set ECOMDB_STATE to a folder outside of it')
  expect(await readdir(state)).toEqual(['ibdata1'])
})

describe.each(SLOW_TEST_ENGINES)('ecomdb sandbox --engine %s', engine => {
  const sandbox = (command: string, ...more: string[]) =>
    runEcomdb(['sandbox', command, '--engine', engine, ...more], { env })

  test('starts, is listed, survives a crash, stops and is removed', async () => {
    const start = (await sandbox('start', '--json')).json()
    expect(start).toMatchObject({ version: 1, status: 0, result: { engine, name: 'default' } })
    const { pid, socketPath } = start.result
    expect((await sandbox('start', '--json')).json().result.pid).toBe(pid)
    const status = await sandbox('status')
    expect(status.stdout).toContain(`${engine} default: running (pid ${pid})`)
    expect(status.stdout).toContain(socketPath)

    process.kill(pid, 'SIGKILL')
    await expect
      .poll(async () => (await sandbox('status')).stdout)
      .toContain(`${engine} default: crashed`)
    const again = (await sandbox('start', '--json')).json().result
    expect(again.pid).not.toBe(pid)

    expect((await sandbox('stop')).stdout).toContain('is stopped')
    const idle = await sandbox('stop')
    expect([idle.status, idle.stdout]).toEqual([0, expect.stringContaining('was not running')])
    const listed = (await sandbox('status', '--json')).json().result.sandboxes
    expect(listed).toMatchObject([{ engine, name: 'default', state: 'stopped', pid: null }])

    const unconfirmed = await sandbox('remove')
    expect(unconfirmed.status).toBe(2)
    expect(unconfirmed.stderr).toContain('--confirm default')
    expect((await sandbox('remove', '--confirm', 'default')).stdout).toContain('are gone')
    expect(await readdir(join(state, 'sandbox'))).toEqual([])
    const gone = await sandbox('remove', '--confirm', 'default')
    expect([gone.status, gone.stdout]).toEqual([0, expect.stringContaining('there was no')])
  })

  test("shell runs the engine's client and gives its exit status", async () => {
    const off = await sandbox('shell')
    expect(off.status).toBe(20)
    expect(off.stderr).toContain(`ecomdb sandbox start --engine ${engine} --name default`)

    await sandbox('start', '--no-tcp')
    const input = 'SELECT 6 * 7 AS answer;\n'
    const piped = await runEcomdb(['sandbox', 'shell', '--engine', engine], { env, input })
    expect([piped.status, piped.stdout]).toEqual([0, 'answer\n42\n'])
    const options = await sandbox('shell', '--', '-N', '-e', 'SELECT CURRENT_USER()')
    expect(options.stdout).toBe('root@localhost\n')
    const failed = await sandbox('shell', '--', '-e', 'SELEC')
    expect(failed.status).toBe(1)
    expect(failed.stderr).toContain('1064')
  })

  test('two programs that start it at once get one server; another name is another', async () => {
    const both = await Promise.all([sandbox('start', '--json'), sandbox('start', '--json')])
    const pids = both.map(run => run.json().result.pid)
    expect(pids[0]).toBe(pids[1])
    const other = (await sandbox('start', '--name', 'other', '--json')).json().result
    expect(other.pid).not.toBe(pids[0])
    const listed = (await sandbox('status', '--json')).json().result.sandboxes
    expect(listed.map((each: { name: string }) => each.name)).toEqual(['default', 'other'])
  })

  test('a full disk is named, leaves nothing half-made, and is got over', async t => {
    const run = await onSmallDisk(engine)
    if (!run) return t.skip('a small file system of its own needs root or user namespaces')
    // Once for the data, and once for MariaDB's log, which is made when the server starts.
    expect(run.output.match(/the disk is full/g)).toHaveLength(2)
    expect(run.output.match(/STORAGE_FAILED \(exit 30\)/g)).toHaveLength(2)
    expect(run.output).toContain(`after: ${engine} default: stopped`)
    expect(run.output).not.toMatch(/^data\.partial$/m)
    expect(run.output).toContain(`${engine} default: running`)
  })

  test('needs no root', async t => {
    if (process.getuid?.() !== 0) return t.skip('this whole run is without root already')
    const run = await asNobody(engine)
    if (!run) return t.skip('this machine has no unshare or setpriv')
    expect(run.output).toContain('\n42\n')
    expect(run.output).toContain('is stopped')
    expect(run.status).toBe(0)
  })
})

test('a name that cannot be a folder is refused', async () => {
  const run = await runEcomdb(['sandbox', 'start', '--name', '../../etc'], { env })
  expect(run.status).toBe(2)
  expect(run.stderr).toContain('small letters')
  expect(await readdir(state)).toEqual([])
})

test('no sandbox at all is no error', async () => {
  const run = await runEcomdb(['sandbox', 'status'], { env })
  expect([run.status, run.stdout]).toEqual([0, expect.stringContaining('there is no sandbox')])
})

test('the server keeps neither the files nor the environment of its starter', async () => {
  const lock = join(state, 'lock')
  const script = `exec 9>${lock}; exec ${join(packageRoot(), 'bin/ecomdb')} sandbox start --json`
  const engine = SLOW_TEST_ENGINES[0] ?? 'mariadb'
  const child = spawn('sh', ['-c', `${script} --engine ${engine}`], {
    env: cliEnvironment(state, env),
  })
  let stdout = ''
  child.stdout.on('data', chunk => {
    stdout += chunk
  })
  // 'close' comes only when nobody holds the pipes any more.
  await new Promise(resolve => child.once('close', resolve))
  const { pid } = JSON.parse(stdout).result
  const open = await readdir(`/proc/${pid}/fd`)
  const files = await Promise.all(
    open.map(number => readlink(`/proc/${pid}/fd/${number}`).catch(() => '')),
  )
  expect(files).toContain('/dev/null')
  expect(files).not.toContain(lock)
  expect(await readFile(`/proc/${pid}/environ`, 'utf8')).not.toContain('ECOMDB_')
})

interface Shown {
  status: number | null
  output: string
}

/** Where a process may mount for itself alone; all of it ends with the process. */
const UNSHARE = process.getuid?.() === 0 ? ['-m'] : ['-Urm']

/** Null where the machine does not allow it. */
function mounting(script: string, environment: Record<string, string>, home = state): Shown | null {
  if (spawnSync('unshare', [...UNSHARE, 'true']).status !== 0) return null
  const run = spawnSync('unshare', [...UNSHARE, 'sh', '-c', `exec 2>&1; ${script}`], {
    env: cliEnvironment(home, { ...env, ...environment }),
    encoding: 'utf8',
  })
  return run.status === 99 ? null : { status: run.status, output: run.stdout }
}

async function onSmallDisk(engine: string): Promise<Shown | null> {
  const disk = join(state, 'disk')
  await mkdir(disk)
  const sandbox = `${join(packageRoot(), 'bin/ecomdb')} sandbox`
  return mounting(
    `mount -t tmpfs -o size=16m,mode=700 tmpfs ${disk} || exit 99
     ${sandbox} start --engine ${engine}
     echo "after: $(${sandbox} status)"
     ls ${disk}/sandbox/*
     mount -o remount,size=40m ${disk}
     ${sandbox} start --engine ${engine}
     mount -o remount,size=2g ${disk}
     ${sandbox} start --engine ${engine} && ${sandbox} status
     ${sandbox} remove --engine ${engine} --confirm default`,
    { ECOMDB_STATE: disk },
  )
}

/** The user nobody, who reads the checkout and the cache, and owns a home. */
async function asNobody(engine: string): Promise<Shown | null> {
  for (const name of ['checkout', 'cache', 'home']) await mkdir(join(state, name))
  const commands = ['start', 'shell', 'stop'].map(
    command =>
      `/mnt/checkout/bin/ecomdb sandbox ${command} --engine ${engine}${command === 'shell' ? ' -- -N -e "SELECT 6 * 7"' : ''}`,
  )
  // The folders above may be closed to others, so all of it is seen from /mnt.
  return mounting(
    `command -v setpriv >/dev/null || exit 99
     mount --bind ${packageRoot()} ${state}/checkout || exit 99
     mount --bind ${cacheFolder()} ${state}/cache || exit 99
     chmod 755 ${state} && chown 65534 ${state}/home
     mount --rbind ${state} /mnt || exit 99
     exec setpriv --reuid=65534 --regid=65534 --clear-groups sh -c '${commands.join(' && ')}'`,
    { ECOMDB_STATE: '/mnt/home/state', ECOMDB_CACHE: '/mnt/cache', TMPDIR: '/mnt/home' },
    '/mnt/home',
  )
}
