import { spawn } from 'node:child_process'
import { mkdir, readFile, rename, rm } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { packageRoot } from '#core/paths'
import { withServer } from '#test/backed-up'
import { addRoles, BucketShop, type RolesGateway } from '#test/bucket-shop'
import { cephMissing, startCeph } from '#test/ceph'
import { cliEnvironment, runEcomdb } from '#test/cli'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { withOwnDatabase } from '#test/servers'
import { withFolder } from '#test/temporary'

// The host, its server, its repository and its keys are gone. What is left is the page, the
// disk and the escrow key; the one who follows the page has an empty home and an empty server.

test.each(SLOW_TEST_ENGINES)('%s: the page leads from nothing to a proved database', family =>
  withFolder(async folder => {
    const shop = join(folder, 'shop')
    const page = await withDatabaseGone(family, shop)
    await rename(join(shop, 'disk'), join(folder, 'disk'))
    await rename(join(shop, 'take-away/escrow.identity'), join(folder, 'escrow.identity'))
    await rm(shop, { recursive: true })
    const home = join(folder, 'home')
    await mkdir(home)
    await withServer(family, join(folder, 'server'), async (server, engine) => {
      const env = cliEnvironment(home, {
        ...{ COPY: join(folder, 'disk'), KEY: join(folder, 'escrow.identity') },
        ...{ ECOMDB_SOCKET: server.socketPath, ECOMDB_USER: 'root', ECOMDB_PROGRESS: 'none' },
      })
      const { status, output } = await follow(page.text, home, env)
      expect(status, output).toBe(0)
      expect(output).toMatch(/^proved: 3 rows/m)
      expect(output).toMatch(/^restored .*3 rows/m)
      const session = await engine.connect({ ...server.administrator, database: page.database })
      try {
        const sum = await session.value(
          "SELECT GROUP_CONCAT(id, ':', HEX(word) ORDER BY id) FROM t",
        )
        expect(sum).toBe('1:65696E73,2:7A77656920E29895,3:64726569')
      } finally {
        await session.close()
      }
    })
  }),
)

const missing = cephMissing()
let gateway: RolesGateway
beforeAll(async () => {
  if (!missing) gateway = await addRoles(await startCeph())
})
afterAll(() => gateway?.ceph.stop())

// The bucket is all that is left, and the disks are the vault's: the database host's ecomdb.yaml
// names none. The escrow key was changed; the page tells which one is needed for what.
test.skipIf(missing).each(SLOW_TEST_ENGINES)('%s: the page leads from a bucket, too', family =>
  withFolder(async folder => {
    const shop = join(folder, 'shop')
    await mkdir(join(shop, 'disk'), { recursive: true })
    let page = { new: '', old: '', keyFile: '', text: '' }
    await withOwnDatabase(family, async ({ server, session, database }) => {
      const env = { ECOMDB_SOCKET: server.socketPath, ECOMDB_USER: 'root', ECOMDB_ENGINE: family }
      const at = await BucketShop.make({ folder: shop, env }, gateway)
      await session.run('CREATE TABLE t (id INT PRIMARY KEY)')
      await session.run('INSERT INTO t VALUES (1), (2), (3)')
      await at.done('OWNER', 'init', '--yes', '--database', database)
      await at.setPolicy()
      await at.done('BACKUP', 'backup', 'logical', '--databases', database)
      const { result } = (await at.done('BACKUP', 'key', 'rotate', 'escrow', '--json')).json()
      await at.done('BACKUP', 'backup', 'logical', '--databases', database)
      const disk = ['--label', 'disk-a', '--same-disk']
      await at.done('VAULT', 'target', 'prepare', 'disk', ...disk)
      await at.done('VAULT', 'backup', 'copy', '--to', 'disk')
      await at.done('BACKUP', 'runbook', '--out', 'RUNBOOK.md')
      page = { ...result, text: await readFile(join(shop, 'RUNBOOK.md'), 'utf8') }
    })
    expect(page.text).toContain('- disk-a: a disk with this label')
    const [needed = '', earlier = ''] = page.text.split('The keys have been changed since')
    expect([needed.includes(page.new), needed.includes(page.old)]).toEqual([true, false])
    expect([earlier.includes(page.new), earlier.includes(page.old)]).toEqual([false, true])
    await rename(page.keyFile, join(folder, 'escrow.identity'))
    await rm(shop, { recursive: true })
    const home = join(folder, 'home')
    await mkdir(home)
    const { accessKey = '', secretKey = '' } = gateway.keys.get('DRILL') ?? {}
    await withServer(family, join(folder, 'server'), async server => {
      const env = cliEnvironment(home, {
        ...{ AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey },
        ...{ KEY: join(folder, 'escrow.identity'), ECOMDB_PROGRESS: 'none' },
        ...{ ECOMDB_SOCKET: server.socketPath, ECOMDB_USER: 'root' },
      })
      const { status, output } = await follow(page.text, home, env)
      expect(status, output).toBe(0)
      expect(output).toMatch(/^restored .*3 rows/m)
    })
  }),
)

/** A shop that was backed up, drilled and copied to a disk, and its page; the database is dropped. */
async function withDatabaseGone(
  family: (typeof SLOW_TEST_ENGINES)[number],
  shop: string,
): Promise<{ text: string; database: string }> {
  await mkdir(join(shop, 'disk'), { recursive: true })
  // The page's commands take it, too.
  const database = "the shop's"
  let page = { text: '', database }
  await withOwnDatabase(family, async ({ server, session }) => {
    const env = { ECOMDB_SOCKET: server.socketPath, ECOMDB_USER: 'root', ECOMDB_ENGINE: family }
    const ecomdb = async (...args: string[]): Promise<void> => {
      const run = await runEcomdb(args, { cwd: shop, env })
      expect(run.status, `${args.join(' ')}\n${run.stderr}`).toBe(0)
    }
    await session.run(`CREATE DATABASE \`${database}\``)
    await session.run(`USE \`${database}\``)
    await session.run('CREATE TABLE t (id INT PRIMARY KEY, word VARCHAR(40) CHARACTER SET utf8mb4)')
    await session.run("INSERT INTO t VALUES (1, 'eins'), (2, 'zwei ☕'), (3, 'drei')")
    await ecomdb('init', '--yes', '--target', 'backups', '--database', database)
    await ecomdb('backup', 'logical', '--databases', database)
    await ecomdb('target', 'prepare', 'disk', '--label', 'disk-a', '--same-disk')
    await ecomdb('backup', 'copy', '--to', 'disk')
    await ecomdb('runbook', '--out', 'RUNBOOK.md')
    page = { text: await readFile(join(shop, 'RUNBOOK.md'), 'utf8'), database }
    expect(page.text).not.toMatch(/AGE-SECRET-KEY-1|PRIVATE KEY/)
  })
  return page
}

/** Every `sh` block of the page in one shell, as somebody types it. */
async function follow(
  text: string,
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<{ status: number | null; output: string }> {
  const blocks = [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block]) => block)
  const bin = join(packageRoot(), 'bin')
  const child = spawn('sh', { cwd, env: { ...env, PATH: `${bin}${delimiter}${env['PATH']}` } })
  child.stdin.end(['set -eu', ...blocks].join('\n'))
  const parts: Buffer[] = []
  child.stdout.on('data', part => parts.push(part))
  child.stderr.on('data', part => parts.push(part))
  const status = await new Promise<number | null>(resolve => child.once('close', resolve))
  return { status, output: Buffer.concat(parts).toString('utf8') }
}
