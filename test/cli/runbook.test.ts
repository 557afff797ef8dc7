import { spawn } from 'node:child_process'
import { mkdir, readFile, rename, rm } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { expect, test } from 'vitest'
import { packageRoot } from '#core/paths'
import { withServer } from '#test/backed-up'
import { cliEnvironment, runEcomdb } from '#test/cli'
import { TEST_ENGINES } from '#test/engines'
import { withOwnDatabase } from '#test/servers'
import { withFolder } from '#test/temporary'

// The host, its server, its repository and its keys are gone. What is left is the page, the
// disk and the escrow key; the one who follows the page has an empty home and an empty server.

test.each(TEST_ENGINES)('%s: the page leads from nothing to a proved database', family =>
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

/** A shop that was backed up, drilled and copied to a disk, and its page; the database is dropped. */
async function withDatabaseGone(
  family: (typeof TEST_ENGINES)[number],
  shop: string,
): Promise<{ text: string; database: string }> {
  await mkdir(join(shop, 'disk'), { recursive: true })
  let page = { text: '', database: '' }
  await withOwnDatabase(family, async ({ server, session, database }) => {
    const env = { ECOMDB_SOCKET: server.socketPath, ECOMDB_USER: 'root', ECOMDB_ENGINE: family }
    const ecomdb = async (...args: string[]): Promise<void> => {
      const run = await runEcomdb(args, { cwd: shop, env })
      expect(run.status, `${args.join(' ')}\n${run.stderr}`).toBe(0)
    }
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
  child.stdin.end(blocks.join('\n'))
  const parts: Buffer[] = []
  child.stdout.on('data', part => parts.push(part))
  child.stderr.on('data', part => parts.push(part))
  const status = await new Promise<number | null>(resolve => child.once('close', resolve))
  return { status, output: Buffer.concat(parts).toString('utf8') }
}
