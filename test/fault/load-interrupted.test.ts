import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { engineFor } from '#cli/wire'
import { packageRoot } from '#core/paths'
import { silentProgress } from '#core/progress'
import type { Session } from '#engine/session'
import { cliEnvironment, runEcomdb } from '#test/cli'
import { TEST_ENGINES } from '#test/engines'
import { withShop } from '#test/shop'
import { withFolder } from '#test/temporary'
import { generateSample } from '#workflow/generate-sample'
import { applyProvision } from '#workflow/provision/apply-provision'

const SIZE = { sessions: 1000, pageviews: 120_000, items: 0, messages: 0 }
/** In the second batch. */
const STOP_AT = 110_000
const SESSIONS = '02.website_sessions.csv'
const PAGEVIEWS = '03.website_pageviews.csv'

/** The server stops to think at one row, so that "in the middle" is where the test wants it. */
async function stopInTheMiddle(session: Session): Promise<void> {
  await session.run(
    `CREATE TRIGGER test_stop BEFORE INSERT ON website_pageviews FOR EACH ROW
       IF NEW.website_pageview_id = ${STOP_AT} THEN DO SLEEP(120); END IF`,
  )
}

async function untilStopped(session: Session, child: ChildProcess): Promise<string> {
  for (;;) {
    if (child.exitCode !== null) throw new Error('the load has ended before it was stopped')
    const id = await session.value(
      `SELECT ID FROM information_schema.PROCESSLIST
       WHERE ID <> CONNECTION_ID() AND DB = DATABASE() AND INFO IS NOT NULL AND TIME >= 1`,
    )
    const position = await session.value(
      'SELECT MAX(position_bytes) FROM ecomdb_load WHERE finished_at IS NULL',
    )
    if (id !== null && Number(position) > 0) return id
    await sleep(100)
  }
}

function startLoad(files: readonly string[], folder: string, env: Record<string, string>) {
  return spawn(join(packageRoot(), 'bin/ecomdb'), ['load', ...files, '--quiet'], {
    cwd: folder,
    env: cliEnvironment(folder, env),
    stdio: ['ignore', 'ignore', 'pipe'],
  })
}

/** Every row of the file is in the table, once and equal, and nothing else. */
async function expectAllRows(session: Session, file: string): Promise<void> {
  const lines = (await readFile(file, 'utf8')).replaceAll('"', '').trimEnd().split('\n').slice(1)
  const rows = await session.rows('SELECT * FROM website_pageviews ORDER BY website_pageview_id')
  expect(rows.length).toBe(lines.length)
  expect(rows.map(row => Object.values(row).join(','))).toEqual(lines)
}

describe.each(TEST_ENGINES)('%s', family => {
  test('a load that is killed goes on where it stopped, and only with the same bytes', async () => {
    await withShop(family, async ({ session, folder, env }) => {
      await generateSample({ folder, size: SIZE, seed: 1, overwrite: false }, silentProgress())
      const file = join(folder, PAGEVIEWS)
      await runEcomdb(['load', join(folder, SESSIONS)], { env })
      await stopInTheMiddle(session)
      const child = startLoad([file], folder, env)
      const connection = await untilStopped(session, child)
      const second = await runEcomdb(['load', file], { env })
      expect([second.status, second.stderr]).toEqual([11, expect.stringContaining('another load')])
      child.kill('SIGKILL')
      await once(child, 'close')
      await session.run(`KILL ${connection}`)
      await session.run('DROP TRIGGER test_stop')

      const committed = Number(await session.value('SELECT COUNT(*) FROM website_pageviews'))
      expect(committed).toBeGreaterThan(0)
      expect(committed).toBeLessThan(STOP_AT)
      expect(await session.value('SELECT loaded FROM ecomdb_load WHERE finished_at IS NULL')).toBe(
        String(committed),
      )
      // As long as what was read, and one character is another: not the same file.
      const place = await session.value(
        'SELECT MAX(position_bytes) FROM ecomdb_load WHERE finished_at IS NULL',
      )
      const read = (await readFile(file, 'latin1')).slice(0, Number(place))
      await mkdir(join(folder, 'edited'))
      const edited = join(folder, 'edited', PAGEVIEWS)
      await writeFile(edited, read.replace('/', '.') + '\n'.repeat(1024 * 1024), 'latin1')
      const other = (await runEcomdb(['load', edited, '--json'], { env, cwd: folder })).json()
      expect(other.result.files).toMatchObject([
        { resumedAtLine: null, loaded: 0, present: committed - 1, rejected: 1 },
      ])

      const again = (await runEcomdb(['load', file, '--json'], { env, cwd: folder })).json()
      expect(again.result.files).toMatchObject([
        {
          resumedAtLine: committed + 2,
          loaded: SIZE.pageviews - committed,
          present: 0,
          rejected: 0,
        },
      ])
      await expectAllRows(session, file)
      expect(
        await session.value('SELECT COUNT(*) FROM ecomdb_load WHERE finished_at IS NULL'),
      ).toBe('0')
    })
  })

  test('a server that dies is exit 20, with whole batches; local_infile off loads the same', async () => {
    await withFolder(async folder => {
      const engine = await engineFor(family)
      const server = join(folder, 'server')
      const start = async (...serverOptions: string[]) =>
        await engine.scratchServers.start({
          folder: server,
          tcp: false,
          purpose: 'sandbox',
          serverOptions,
        })
      let running = await start()
      const connect = () => engine.connect({ ...running.administrator, database: 'shop' })
      try {
        const env = {
          ECOMDB_ENGINE: family,
          ECOMDB_SOCKET: running.socketPath,
          ECOMDB_USER: 'root',
        }
        await generateSample({ folder, size: SIZE, seed: 1, overwrite: false }, silentProgress())
        const options = { connect: { ...running.administrator, database: 'shop' } }
        await applyProvision(engine, options, silentProgress())
        const file = join(folder, PAGEVIEWS)
        await runEcomdb(['load', join(folder, SESSIONS)], { env })
        const session = await connect()
        await stopInTheMiddle(session)
        const child = startLoad([file], folder, env)
        const error: Buffer[] = []
        child.stderr.on('data', chunk => error.push(chunk))
        await untilStopped(session, child)
        process.kill(running.pid, 'SIGKILL')
        const [status] = await once(child, 'close')
        expect([status, Buffer.concat(error).toString()]).toEqual([
          20,
          expect.stringMatching(
            /cannot load website_pageviews[\s\S]*run the command again[\s\S]*SERVER_LOST/,
          ),
        ])
        await session.close()

        running = await start('--local-infile=OFF')
        const after = await connect()
        await after.run('DROP TRIGGER test_stop')
        const committed = Number(await after.value('SELECT COUNT(*) FROM website_pageviews'))
        expect(committed).toBeGreaterThan(0)
        expect(committed).toBe(
          Number(
            await after.value('SELECT MAX(loaded) FROM ecomdb_load WHERE finished_at IS NULL'),
          ),
        )
        const again = (await runEcomdb(['load', file, '--json'], { env, cwd: folder })).json()
        expect(again.result).toMatchObject({ method: 'insert', loaded: SIZE.pageviews - committed })
        await expectAllRows(after, file)
        await after.close()
      } finally {
        await engine.scratchServers.remove(server)
      }
    })
  })
})
