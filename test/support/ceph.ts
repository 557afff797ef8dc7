import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { cacheFolder } from '#core/paths'
import { DEBIAN_LIBRARIES } from '#process/find-tool'
import type { ProgramCommand } from '#process/program'
import { runProgram } from '#process/run-program'

/** A throw-away S3 service on loopback, with one user. */
export interface CephGateway {
  /** "http://127.0.0.1:17480"; path style, any region. */
  endpoint: string
  /** The same, where buckets are names below it; no resolver knows them. */
  hostEndpoint: string
  accessKey: string
  secretKey: string
  /** Another account, which may do nothing before a bucket's policy lets it. */
  addUser(name: string): Promise<{ accessKey: string; secretKey: string }>
  /** Ends all its processes and deletes all its data. */
  stop(): Promise<void>
}

/** Why there is no gateway here, or null when there is one: for `t.skip(…)`. */
export function cephMissing(): string | null {
  return existsSync(join(root(), 'usr/bin/radosgw'))
    ? null
    : 'Ceph is not unpacked here: run bin/setup --with-s3'
}

const START_TIMEOUT_MS = 60_000
const ACCESS_KEY = 'test'
const SECRET_KEY = 'testsecret'
const DNS_NAME = 's3.test'

/**
 * Starts one monitor, one OSD that keeps everything in memory, and the gateway, from the
 * tree that `bin/setup --with-s3` unpacked. Takes about a second.
 */
export async function startCeph(): Promise<CephGateway> {
  const folder = await mkdtemp(join(tmpdir(), 'ecomdb-ceph-'))
  const daemons: ChildProcess[] = []
  const stop = async (): Promise<void> => {
    await Promise.all(daemons.map(killed))
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const port = await bringUp(folder, daemons)
    return {
      endpoint: `http://127.0.0.1:${port}`,
      hostEndpoint: `http://${DNS_NAME}:${port}`,
      accessKey: ACCESS_KEY,
      secretKey: SECRET_KEY,
      addUser: async name => {
        const keys = { accessKey: name, secretKey: randomUUID() }
        await createUser(folder, name, keys)
        return keys
      },
      stop,
    }
  } catch (error) {
    const complaint = await readFile(join(folder, 'daemons.log'), 'utf8').catch(() => '')
    await stop()
    throw new Error(`Ceph did not start:\n${complaint.slice(-3000)}`, { cause: error })
  }
}

async function bringUp(folder: string, daemons: ChildProcess[]): Promise<number> {
  const [port, monitorPort] = await freePorts()
  const id = randomUUID()
  const monitor = `[v2:127.0.0.1:${monitorPort}/0]`
  await Promise.all(['mon', 'osd0', 'sock', 'log'].map(name => mkdir(join(folder, name))))
  await writeFile(join(folder, 'ceph.conf'), settings(folder, id, monitor, port))
  const configured = ['-c', join(folder, 'ceph.conf')]
  const start = async (name: string, args: string[]): Promise<void> => {
    daemons.push(await startDaemon(folder, name, [...configured, ...args, '-f']))
  }
  await makeKeyring(folder)
  const map = join(folder, 'monmap')
  await run('monmaptool', ['--create', '--addv', 'a', monitor, '--fsid', id, map])
  const keyring = join(folder, 'keyring')
  await run('ceph-mon', [...configured, '-i', 'a', '--mkfs', '--monmap', map, '--keyring', keyring])
  await start('ceph-mon', ['-i', 'a'])
  const osd = randomUUID()
  await run('ceph', [...configured, 'osd', 'new', osd])
  await run('ceph-osd', [...configured, '-i', '0', '--mkfs', '--osd-uuid', osd])
  await start('ceph-osd', ['-i', '0'])
  await start('radosgw', ['-n', 'client.rgw'])
  await untilAnswers(port, daemons)
  await createUser(folder, 'ecomdb', { accessKey: ACCESS_KEY, secretKey: SECRET_KEY })
  return port
}

async function createUser(
  folder: string,
  name: string,
  { accessKey, secretKey }: { accessKey: string; secretKey: string },
): Promise<void> {
  const configured = ['-c', join(folder, 'ceph.conf'), '-n', 'client.rgw']
  const user = ['user', 'create', `--uid=${name}`, `--display-name=${name}`]
  const keys = [`--access-key=${accessKey}`, `--secret-key=${secretKey}`]
  await run('radosgw-admin', [...configured, ...user, ...keys])
}

/** The three tick settings take the start from 11.6 s to 1 s (measured). */
function settings(folder: string, id: string, monitor: string, port: number): string {
  const libraries = join(root(), 'usr', DEBIAN_LIBRARIES)
  return `[global]
fsid = ${id}
mon initial members = a
mon host = ${monitor}
public network = 127.0.0.0/8
cluster network = 127.0.0.0/8
ms bind ipv6 = false
keyring = ${folder}/keyring
auth allow insecure global id reclaim = false
run dir = ${folder}/sock
admin socket = ${folder}/sock/$name.$pid.asok
pid file =
log file = ${folder}/log/$name.log
crash dir = ${folder}/log
plugin dir = ${libraries}/ceph
erasure code dir = ${libraries}/ceph/erasure-code
osd class dir = ${libraries}/rados-classes
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pgp num = 8
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000
mon data avail crit = 1
paxos propose interval = 0.02
paxos min wait = 0.005
mon tick interval = 1
osd tick interval = 0.2
[mon]
mon data = ${folder}/mon
[osd]
osd data = ${folder}/osd0
osd objectstore = memstore
memstore device bytes = 4294967296
osd memory target = 939524096
osd memory cache min = 67108864
osd op num shards = 2
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:${port} tcp_nodelay=1
rgw dns name = ${DNS_NAME}
rgw thread pool size = 32
rgw dynamic resharding = false
rgw override bucket index max shards = 1
`
}

/** cephx stays on: without it radosgw loops for ever on get_initial_auth_request. */
async function makeKeyring(folder: string): Promise<void> {
  const keyring = join(folder, 'keyring')
  const key = async (name: string, ...caps: string[]): Promise<void> => {
    await run('ceph-authtool', [keyring, '--gen-key', '-n', name, ...caps])
  }
  const mon = (capability: string): string[] => ['--cap', 'mon', capability]
  const osd = (capability: string): string[] => ['--cap', 'osd', capability]
  await run('ceph-authtool', ['--create-keyring', keyring])
  await key('mon.', ...mon('allow *'))
  await key('client.admin', ...mon('allow *'), ...osd('allow *'))
  await key('client.rgw', ...mon('allow rw'), ...osd('allow rwx'))
  await key('osd.0', ...mon('allow profile osd'), ...osd('allow *'))
}

function root(): string {
  return join(cacheFolder(), 'ceph', 'root')
}

function program(name: string): ProgramCommand {
  const libraries = [
    join(root(), DEBIAN_LIBRARIES),
    join(root(), 'usr', DEBIAN_LIBRARIES),
    join(root(), 'usr', DEBIAN_LIBRARIES, 'ceph'),
  ]
  return {
    file: join(root(), 'usr/bin', name),
    args: [],
    env: {
      LD_LIBRARY_PATH: libraries.join(':'),
      PYTHONPATH: join(root(), 'usr/lib/python3/dist-packages'),
      PATH: `${join(root(), 'usr/bin')}:${process.env['PATH'] ?? ''}`,
    },
  }
}

async function run(name: string, args: string[]): Promise<void> {
  await runProgram(program(name), args, { timeoutMs: START_TIMEOUT_MS })
}

async function startDaemon(folder: string, name: string, args: string[]): Promise<ChildProcess> {
  const { file, env } = program(name)
  const log = await open(join(folder, 'daemons.log'), 'a')
  const stdio = ['ignore', log.fd, log.fd] as const
  const child = spawn(file, args, { stdio: [...stdio], env: { ...process.env, ...env } })
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', reject)
  })
  await log.close()
  return child
}

/** SIGTERM leaves an OSD running for seconds, and there is nothing to save. */
async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGKILL')
  await gone
}

async function untilAnswers(port: number, daemons: ChildProcess[]): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS
  for (;;) {
    const dead = daemons.find(child => child.exitCode !== null || child.signalCode !== null)
    if (dead) throw new Error(`${dead.spawnfile} ended with status ${dead.exitCode}`)
    const answer = await fetch(`http://127.0.0.1:${port}/`).catch(() => null)
    if (answer) return
    if (performance.now() > deadline) throw new Error('the gateway does not answer')
    await sleep(50)
  }
}

async function freePorts(): Promise<[number, number]> {
  const probes = [createServer(), createServer()]
  const ports: number[] = []
  for (const probe of probes) {
    await new Promise<void>(resolve => probe.listen(0, '127.0.0.1', resolve))
    const address = probe.address()
    if (typeof address === 'object' && address) ports.push(address.port)
  }
  await Promise.all(probes.map(probe => new Promise(resolve => probe.close(resolve))))
  const [first, second] = ports
  if (!first || !second) throw new Error('no free port')
  return [first, second]
}
