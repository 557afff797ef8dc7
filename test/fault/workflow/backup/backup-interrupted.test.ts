import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engineFor } from '#cli/wire'
import { packageRoot } from '#core/paths'
import type { Engine } from '#engine/engine'
import type { RunningServer } from '#engine/scratch-server'
import type { Session } from '#engine/session'
import { cliEnvironment, runEcomdb } from '#test/cli'
import { TEST_ENGINES } from '#test/engines'
import { makeFolder } from '#test/temporary'

// What may happen to server, connection and tool in the middle of the rows: never a
// snapshot, never exit 0, never a lock that stays, and the next backup works.

/** Of rows: some seconds of reading, so that the middle can be met. */
const ROWS = 60_000

describe.each(TEST_ENGINES)('%s: ecomdb backup logical', family => {
  let engine: Engine
  let server: RunningServer
  let folder: string

  const start = async (): Promise<void> => {
    server = await engine.scratchServers.start({
      folder: `${folder}/server`,
      tcp: false,
      purpose: 'sandbox',
    })
  }

  beforeAll(async () => {
    engine = await engineFor(family)
    folder = await makeFolder()
    await start()
    await withSession(makeRows)
    const init = ['init', '--yes', '--target', 'backups', '--user', 'root']
    const made = await runEcomdb([...init, '--socket', server.socketPath], { cwd: folder })
    expect(made.status, made.stderr).toBe(0)
  })

  afterAll(async () => {
    await engine.scratchServers.remove(`${folder}/server`)
    await rm(folder, { recursive: true })
  })

  async function withSession<Result>(use: (session: Session) => Promise<Result>): Promise<Result> {
    const session = await engine.connect(server.administrator)
    try {
      return await use(session)
    } finally {
      await session.close()
    }
  }

  const ecomdb = (...args: string[]) =>
    runEcomdb(args, { cwd: folder, env: { ECOMDB_STATE: join(folder, 'state', 'ecomdb') } })

  /** A backup that stands still in the middle of the rows, with the id of a reader. */
  async function stopInTheMiddle(session: Session): Promise<{ tool: Tool; reader: string }> {
    const tool = new Tool(folder)
    for (;;) {
      if (tool.child.exitCode !== null) throw new Error(`it has ended: ${tool.stderr}`)
      const rows = await session.rows('SHOW PROCESSLIST')
      const reader = rows.find(row => /^SELECT `id`, `word` FROM/.test(String(row['Info'])))
      if (reader) {
        tool.child.kill('SIGSTOP')
        return { tool, reader: String(reader['Id']) }
      }
      await sleep(2)
    }
  }

  async function expectNoSnapshot(): Promise<void> {
    const listed = (await ecomdb('backup', 'list', '--json')).json().result
    expect(listed).toMatchObject({ snapshots: [], refused: [] })
  }

  /** DDL waits for every lock of a backup, and would give up. */
  async function expectNothingLocked(): Promise<void> {
    await withSession(async session => {
      await session.run('SET SESSION lock_wait_timeout = 20')
      await session.run('ALTER TABLE shop.words COMMENT = ?', [`${Date.now()}`])
      await session.run('UPDATE shop.words SET word = word WHERE id = 1')
    })
  }

  test('a reader is killed: exit 20, no snapshot, nothing locked', async () => {
    await withSession(async session => {
      const { tool, reader } = await stopInTheMiddle(session)
      await session.run(`KILL CONNECTION ${reader}`)
      tool.child.kill('SIGCONT')
      expect(await tool.ended()).toBe(20)
      expect(tool.stderr).toContain('code: SERVER_LOST (exit 20)')
    })
    await expectNoSnapshot()
    await expectNothingLocked()
  })

  test('Ctrl-C: exit 130, no snapshot, nothing locked', async () => {
    await withSession(async session => {
      const { tool } = await stopInTheMiddle(session)
      tool.child.kill('SIGINT')
      tool.child.kill('SIGCONT')
      expect(await tool.ended()).toBe(130)
      expect(tool.stderr).toContain('code: INTERRUPTED (exit 130)')
    })
    await expectNothingLocked()
    await expectNoSnapshot()
  })

  test('the tool is killed: no snapshot, nothing locked', async () => {
    await withSession(async session => {
      const { tool } = await stopInTheMiddle(session)
      tool.child.kill('SIGKILL')
      await tool.ended()
    })
    await expectNothingLocked()
    await expectNoSnapshot()
  })

  test('the server is killed: exit 20, no snapshot; the next backup works', async () => {
    const tool = await withSession(async session => {
      const stopped = await stopInTheMiddle(session)
      process.kill(server.pid, 'SIGKILL')
      return stopped.tool
    })
    tool.child.kill('SIGCONT')
    expect(await tool.ended()).toBe(20)
    expect(tool.stderr).toMatch(/code: SERVER_(LOST|UNREACHABLE) \(exit 20\)/)
    await expectNoSnapshot()
    const refused = await ecomdb('backup', 'logical')
    expect([refused.status, refused.stdout]).toEqual([20, ''])
    await start()
    const done = await ecomdb('backup', 'logical', '--json')
    expect(done.status, done.stderr).toBe(0)
    expect(done.json().result).toMatchObject({ rows: ROWS, tables: 1 })
    const verified = await ecomdb('backup', 'verify', '--deep')
    expect(verified.status, verified.stderr).toBe(0)
  })

  describe('that is killed when it has stored something', () => {
    beforeAll(() => withSession(makeNoise))

    test('logical: nothing that was stored before a SIGKILL is stored again', async () => {
      const killed = await killedWithObjects('logical', 2)
      const done = await ecomdb('backup', 'logical', '--json')
      expect(done.status, done.stderr).toBe(0)
      const { snapshotId, stored } = done.json().result
      const objects = await objectsOf(snapshotId)
      expect(killed.filter(path => !objects.includes(path))).toEqual([])
      expect(stored.reused).toBeGreaterThanOrEqual(killed.length)
      const verified = await ecomdb('backup', 'verify', snapshotId, '--deep')
      expect(verified.status, verified.stderr).toBe(0)
    })

    test('physical: what was stored before a SIGKILL is used, though rows have changed since', async () => {
      const killed = await killedWithObjects('physical', 3)
      await withSession(async session => {
        await session.run('UPDATE shop.noise SET word = REVERSE(word) WHERE id IN (1, 20)')
      })
      const done = await ecomdb('backup', 'physical', '--json')
      expect(done.status, done.stderr).toBe(0)
      const { snapshotId, stored: written } = done.json().result
      const packs = await objectsOf(snapshotId)
      // MariaDB's tool copies the redo log side by side with the files: a pack of it is of no use again.
      const used = killed.filter(path => packs.includes(path))
      expect(used.length).toBeGreaterThan(0)
      expect(written.reused).toBeGreaterThanOrEqual(used.length)
      const verified = await ecomdb('backup', 'verify', snapshotId, '--deep')
      expect(verified.status, verified.stderr).toBe(0)
    })
  })

  /** What a backup had noted as stored when it was killed. */
  async function killedWithObjects(method: string, least: number): Promise<string[]> {
    const tool = new Tool(folder, method)
    while ((await journaled()).length < least) {
      if (tool.child.exitCode !== null) throw new Error(`it has ended: ${tool.stderr}`)
      await sleep(5)
    }
    tool.child.kill('SIGKILL')
    await tool.ended()
    return await journaled()
  }

  /** Objects that a backup has noted as stored before it ended. */
  async function journaled(): Promise<string[]> {
    const place = join(folder, 'state/ecomdb/unfinished-backups')
    const files = existsSync(place) ? await readdir(place) : []
    const texts = await Promise.all(files.map(file => readFile(join(place, file), 'utf8')))
    return texts.join('').match(/objects\/[^"]+/g) ?? []
  }

  async function objectsOf(snapshotId: string): Promise<string[]> {
    const file = join(folder, 'backups/snapshots', snapshotId, 'snapshot.json')
    const { payload } = JSON.parse(await readFile(file, 'utf8'))
    const envelope = JSON.parse(Buffer.from(payload, 'base64').toString())
    return envelope.objects.map(({ path }: { path: string }) => path)
  }
})

class Tool {
  readonly child: ChildProcess
  readonly #closed: Promise<unknown>
  stderr = ''

  constructor(folder: string, method = 'logical') {
    this.child = spawn(`${packageRoot()}/bin/ecomdb`, ['backup', method, '--quiet'], {
      cwd: folder,
      env: cliEnvironment(folder),
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.#closed = once(this.child, 'close')
    this.child.stderr?.on('data', text => {
      this.stderr += text
    })
  }

  async ended(): Promise<number | null> {
    await this.#closed
    return this.child.exitCode
  }
}

async function makeRows(session: Session): Promise<void> {
  await session.run('CREATE DATABASE shop')
  await session.run('USE shop')
  await session.run('CREATE TABLE words (id INT PRIMARY KEY AUTO_INCREMENT, word TEXT)')
  for (let done = 0; done < ROWS; done += 1000) {
    await session.run(`INSERT INTO words (word)
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
      SELECT REPEAT(SHA2(RAND(), 256), 20) FROM n`)
  }
}

/** What compresses to nothing less: 48 MiB are more than three packs. */
async function makeNoise(session: Session): Promise<void> {
  if (session.flavor.family === 'mysql') {
    await session.run("INSTALL PLUGIN clone SONAME 'mysql_clone.so'")
  }
  await session.run('CREATE TABLE shop.noise (id INT PRIMARY KEY AUTO_INCREMENT, word LONGBLOB)')
  for (let row = 0; row < 48; row += 1) {
    const hex = randomBytes(1024 * 1024).toString('hex')
    await session.run('INSERT INTO shop.noise (word) VALUES (UNHEX(?))', [hex])
  }
  // Else a copy has its pages of before, and the redo log what they will be.
  await session.run('FLUSH TABLES shop.noise, shop.words FOR EXPORT')
  await session.run('UNLOCK TABLES')
}
