import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { engineFor } from '#cli/wire'
import { packageRoot } from '#core/paths'
import { silentProgress } from '#core/progress'
import type { EngineFamily } from '#domain/engine-family'
import type { Engine } from '#engine/engine'
import type { Session } from '#engine/session'
import { cliEnvironment } from '#test/cli'
import { TEST_ENGINES } from '#test/engines'
import { sharedServer, withDatabase } from '#test/servers'
import { buildStage, ORDERS_FROM_ITEMS, readShop } from '#test/shop-history'
import { withFolder } from '#test/temporary'
import { applyProvision } from '#workflow/provision/apply-provision'

const naming = { prefix: `t_${randomBytes(4).toString('hex')}`, host: 'localhost' }

afterAll(async () => {
  for (const family of TEST_ENGINES) {
    const { engine, server } = await sharedServer(family)
    const session = await engine.connect(server.administrator)
    for (const user of ['definer', 'clerk']) {
      await session.run(`DROP USER IF EXISTS '${naming.prefix}_${user}'@localhost`)
    }
    await session.close()
  }
})

/** A stage, in which a clerk was granted the reports' procedures. */
async function buildOldShop(session: Session, stage: number): Promise<void> {
  await buildStage(session, stage)
  const clerk = `'${naming.prefix}_clerk'@localhost`
  await session.run(`CREATE USER IF NOT EXISTS ${clerk}`)
  if (stage < 8) return
  await session.run(`GRANT EXECUTE ON PROCEDURE order_performance TO ${clerk}`)
  await session.run(`GRANT EXECUTE ON PROCEDURE chats_handled TO ${clerk}`)
}

/** What a run that nobody stopped makes of a stage: its objects and all rows. */
async function undisturbed(family: EngineFamily, stage: number | null): Promise<object> {
  let result: object = {}
  await withDatabase(family, async ({ engine, server, session, database }) => {
    if (stage !== null) await buildOldShop(session, stage)
    const connect = { ...server.administrator, database }
    await applyProvision(engine, { connect, naming }, silentProgress())
    result = await stateOf(engine, session, database)
  })
  return result
}

async function stateOf(engine: Engine, session: Session, database: string): Promise<object> {
  const { objects, collation } = await engine.provisioner.observe(session, database)
  const recorded = await engine.provisioner.readRecorded(session, database)
  const setAside = await session.rows(
    'SELECT table_name, row_key, reason, row_content FROM ecomdb_set_aside ORDER BY 1, 2',
  )
  const granted = await session.rows(
    'SELECT Routine_name, User FROM mysql.procs_priv WHERE Db = ? ORDER BY 1, 2',
    [database],
  )
  return { objects, collation, recorded, setAside, granted, rows: await readShop(session) }
}

class Stopped extends Error {}

/**
 * An engine that stops, as a crash would, at the first place where it has not stopped yet:
 * before a statement (the journal says that it runs, and it has not), or after it (it has,
 * and the journal does not know).
 */
function stoppingOnce(engine: Engine, places: Set<string>): Engine {
  const stop = (place: string): void => {
    if (places.has(place)) return
    places.add(place)
    throw new Stopped()
  }
  return {
    ...engine,
    provisioner: {
      ...engine.provisioner,
      async runStep(session, step, password) {
        stop(`before ${step.sql}`)
        await engine.provisioner.runStep(session, step, password)
        stop(`after ${step.sql}`)
      },
    },
  }
}

test.each(TEST_ENGINES.flatMap(family => [null, 8].map(stage => [family, stage] as const)))(
  '%s, from stage %s: stopped at every statement, it goes on to the same end',
  async (family, stage) => {
    const expected = await undisturbed(family, stage)
    await withDatabase(family, async ({ engine, server, session, database }) => {
      if (stage !== null) await buildOldShop(session, stage)
      const options = { connect: { ...server.administrator, database }, naming }
      const places = new Set<string>()
      for (let stopped = true; stopped; ) {
        const stopping = stoppingOnce(engine, places)
        stopped = await applyProvision(stopping, options, silentProgress()).then(
          () => false,
          error => {
            if (error instanceof Stopped) return true
            throw error
          },
        )
      }
      expect(places.size).toBeGreaterThan(40)
      expect(await stateOf(engine, session, database)).toEqual(expected)
    })
  },
)

/** What another session holds while the run is killed: it stands in the middle of a statement. */
const HOLDS = [
  'SELECT COUNT(*) FROM order_items',
  'SELECT COUNT(*) FROM orders',
  'SELECT COUNT(*) FROM website_sessions',
  'SELECT COUNT(*) FROM chat_messages',
]

test.each(TEST_ENGINES)(
  '%s: killed in the middle of a statement, it goes on to the same end',
  async family => {
    const expected = await undisturbed(family, 8)
    await withFolder(async home => {
      await withDatabase(family, async ({ engine, server, session, database }) => {
        await buildOldShop(session, 8)
        const connect = { ...server.administrator, database }
        const killedIn: string[] = []
        for (const hold of HOLDS) {
          const holder = await engine.connect(connect)
          await holder.run('START TRANSACTION')
          await holder.rows(hold)
          killedIn.push(await killInStatement(home, server.socketPath, session, database))
          await holder.run('COMMIT')
          await holder.close()
          // The server may still be at the statement of a client that is gone.
          await until(async () => (await standing(session, database)).length === 0)
        }
        expect(killedIn.every(sql => /^\s*(ALTER|DROP|INSERT|DELETE)/.test(sql))).toBe(true)
        expect(new Set(killedIn).size).toBeGreaterThan(2)
        await applyProvision(engine, { connect, naming }, silentProgress())
        expect(await stateOf(engine, session, database)).toEqual(expected)
        expect(await session.rows('SELECT * FROM orders ORDER BY order_id')).toEqual(
          await session.rows(ORDERS_FROM_ITEMS),
        )
      })
    })
  },
)

test.each(TEST_ENGINES)(
  '%s: the server dies under it, and it goes on to the same end',
  async family => {
    const expected = await undisturbed(family, 8)
    await withFolder(async folder => {
      const engine = await engineFor(family)
      const options = { folder, tcp: false, purpose: 'sandbox' } as const
      const start = () => engine.scratchServers.start(options)
      let server = await start()
      try {
        const maker = await engine.connect(server.administrator)
        await maker.run('CREATE DATABASE shop')
        await maker.run('USE shop')
        await buildOldShop(maker, 8)
        await maker.close()
        // In the middle of adopting the items, and of making the triggers.
        for (const fatal of [/ALTER TABLE order_items/, /after_update/]) {
          const connect = { ...server.administrator, database: 'shop' }
          const doomed = killingServerAt(engine, fatal, server.pid)
          const error = await applyProvision(doomed, { connect, naming }, silentProgress()).catch(
            reason => reason,
          )
          expect(error).toMatchObject({ code: 'SERVER_LOST', exitCode: 20 })
          server = await start()
        }
        const connect = { ...server.administrator, database: 'shop' }
        await applyProvision(engine, { connect, naming }, silentProgress())
        const session = await engine.connect(connect)
        expect(await stateOf(engine, session, 'shop')).toEqual(expected)
        await session.close()
      } finally {
        await engine.scratchServers.remove(folder)
      }
    })
  },
)

/** An engine that sends a statement and kills the server at once. */
function killingServerAt(engine: Engine, fatal: RegExp, pid: number): Engine {
  return {
    ...engine,
    provisioner: {
      ...engine.provisioner,
      async runStep(session, step, password) {
        const running = engine.provisioner.runStep(session, step, password)
        if (fatal.test(step.sql)) process.kill(pid, 'SIGKILL')
        await running
      },
    },
  }
}

/** Starts `provision apply` and kills it when a statement of it stands still; which one. */
async function killInStatement(
  home: string,
  socket: string,
  session: Session,
  database: string,
): Promise<string> {
  const env = { ECOMDB_SOCKET: socket, ECOMDB_USER: 'root', ECOMDB_DATABASE: database }
  const child = spawn(
    join(packageRoot(), 'bin/ecomdb'),
    ['provision', 'apply', '--account-prefix', naming.prefix],
    { cwd: home, env: cliEnvironment(home, env), stdio: 'ignore' },
  )
  const ended = once(child, 'close')
  try {
    let before: string[] = []
    let found: string | undefined
    await until(async () => {
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`)
      const now = await standing(session, database)
      found = now.find(statement => before.includes(statement))
      before = now
      return found !== undefined
    })
    return found?.replace(/^\d+ /, '') ?? ''
  } finally {
    child.kill('SIGKILL')
    await ended
  }
}

/** Statements that other connections of this database run now, each after its connection's number. */
async function standing(session: Session, database: string): Promise<string[]> {
  const rows = await session.rows<{ id: number; info: string | null }>(
    `SELECT id AS id, info AS info FROM information_schema.processlist
     WHERE db = ? AND id <> CONNECTION_ID()`,
    [database],
  )
  return rows.flatMap(({ id, info }) => (info === null ? [] : [`${id} ${info}`]))
}

async function until(happens: () => Promise<boolean>): Promise<void> {
  while (!(await happens())) await sleep(100)
}
