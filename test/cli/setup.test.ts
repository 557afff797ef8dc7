import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { packageRoot } from '#core/paths'

let cache: string

beforeEach(async () => {
  cache = join(await mkdtemp(join(tmpdir(), 'ecomdb-test-')), 'not made yet')
})

afterEach(async () => {
  await rm(join(cache, '..'), { recursive: true })
})

function setup(args: string[], environment: Record<string, string> = {}) {
  const run = spawnSync(join(packageRoot(), 'bin/setup'), args, {
    env: { PATH: process.env['PATH'], HOME: cache, ECOMDB_CACHE: cache, ...environment },
    encoding: 'utf8',
  })
  return { status: run.status, text: `${run.stdout}${run.stderr}` }
}

test('bin/setup --check names what is missing and changes nothing', () => {
  const run = setup(['--check', '--with-s3'])
  expect(run.status).toBe(78)
  expect(run.text).toContain('ceph: missing')
  expect(existsSync(cache)).toBe(false)
})

test('bin/setup --check says where each thing is', () => {
  const folders = { ECOMDB_MARIADB_BASEDIR: '/opt/one', ECOMDB_MYSQL_BASEDIR: '/opt/two' }
  const run = setup(['--check'], folders)
  expect(run.text).toContain('mariadb: /opt/one')
  expect(run.text).toContain('mysql: /opt/two')
})

test('bin/setup refuses a flag that it does not know', () => {
  expect(setup(['--chek'])).toEqual({
    status: 2,
    text: expect.stringContaining('usage: bin/setup'),
  })
})

const debian = existsSync('/usr/share/keyrings/debian-archive-keyring.gpg')
test('bin/setup leaves nothing half-made when the mirror is down', async t => {
  if (!debian) return t.skip('this machine is no Debian, and bin/setup fetches nothing here')
  const closed = 'http://127.0.0.1:1'
  const run = setup(['--with-s3'], { http_proxy: closed, https_proxy: closed })
  expect(run.status).toBe(30)
  expect(run.text).toContain('is the mirror reachable')
  expect(await readdir(cache)).toEqual(['setup.lock'])
})

test('bin/setup tells what to install where there is no apt', () => {
  // A PATH with the few programs that the script itself needs, and no apt-get.
  const script = `mkdir -p "$1" && for name in dirname cat awk id mkdir rm; do
    ln -s "$(command -v $name)" "$1/$name"; done; PATH=$1 exec /bin/sh ${packageRoot()}/bin/setup --with-s3`
  const run = spawnSync('sh', ['-c', script, 'sh', join(cache, 'bin')], {
    env: { PATH: process.env['PATH'], HOME: cache, ECOMDB_CACHE: join(cache, 'cache') },
    encoding: 'utf8',
  })
  expect(run.status).toBe(78)
  expect(run.stderr).toContain('Please install by hand:')
  expect(run.stderr).toContain('age-keygen')
  expect(existsSync(join(cache, 'cache'))).toBe(false)
})
