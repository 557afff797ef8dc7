import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { engineFor } from '#cli/wire'
import { Secret } from '#core/secret'
import { generateSigningKey, writeSigningKey } from '#crypto/key-files'
import type { Engine } from '#engine/engine'
import { quoteIdentifier } from '#engine/quote'
import type { RunningServer } from '#engine/scratch-server'
import type { Session } from '#engine/session'
import type { BenchContext, Benchmark } from './benchmark.ts'
import { measure } from './measure.ts'
import { ecomdb, SHOP } from './shop-server.ts'

const SESSIONS = { primary: 200, replica: 50 }
const OBJECTS = 20
const PASSWORD = 'Zz9!correct-horse'

/** Until no session is left, whoever does it: there is no peer that does the same. */
const BAR_SECONDS = 2

/**
 * `ecomdb offboard` of a person with 200 sessions on the primary and 50 on a replica, an event
 * that fires each second, and programs of every kind: until the last session is gone on both, by
 * the receipt, and then nothing may answer any more. The other side is the bar itself.
 */
export const offboard: Benchmark = {
  name: 'offboard',
  bar: 1,
  perEngine: true,
  async prepare(context) {
    const pair = await startPair(context)
    let people = 0
    let whole = 0
    return {
      peerName: `the bar: ${BAR_SECONDS} s`,
      ours: async () => {
        people += 1
        const person = `p${people}`
        await makePerson(pair, person)
        const open = await openSessions(pair, person)
        const started = performance.now()
        const args = ['offboard', person, '--confirm', person, '--json']
        const measured = await measure(ecomdb, args, { env: pair.env })
        whole = (performance.now() - started) / 1000
        const { result } = JSON.parse(measured.stdout) as {
          result: { deadMs: number | null; outstanding: string[]; servers: object; steps: object }
        }
        if (result.deadMs === null || result.outstanding.length > 0) {
          throw new Error(`not out: ${JSON.stringify(result)}`)
        }
        context.say(`${JSON.stringify(result.steps)} ${JSON.stringify(result.servers)}`)
        const answers = await Promise.allSettled(open.map(session => session.value('SELECT 1')))
        const alive = answers.filter(({ status }) => status === 'fulfilled').length
        for (const session of open) session.destroy()
        if (alive > 0) throw new Error(`${alive} sessions still answer`)
        return { ...measured, seconds: result.deadMs / 1000 }
      },
      peer: async () => ({ seconds: BAR_SECONDS, peakBytes: null, cpuSeconds: 0, stdout: '' }),
      beside: async () => ({ 'the whole command, last run': whole }),
      close: async () => {
        for (const server of [pair.replica, pair.primary]) {
          await pair.engine.scratchServers.remove(server.folder)
        }
      },
    }
  },
}

interface Pair {
  engine: Engine
  primary: RunningServer
  replica: RunningServer
  env: Record<string, string>
}

/** A primary and a replica of it, with real replication. */
async function startPair({ family, folder, say }: BenchContext): Promise<Pair> {
  const engine = await engineFor(family)
  const start = (name: string, id: number) =>
    engine.scratchServers.start({
      folder: join(folder, name),
      tcp: true,
      purpose: 'sandbox',
      serverOptions: [`--server-id=${id}`, '--max-connections=600'],
    })
  say('starting a primary and a replica')
  const primary = await start('primary', 1)
  const replica = await start('replica', 2)
  await replicate(engine, primary, replica)
  const key = join(folder, 'signing.pem')
  await writeSigningKey(key, generateSigningKey())
  const config = join(folder, 'ecomdb.yaml')
  await writeFile(
    config,
    `server: {socket: ${primary.socketPath}, user: ${primary.administrator.user}}\nreplicas: [{name: second, socket: ${replica.socketPath}}]\nkeys: {signing_key_file: ${key}}\n`,
  )
  const env = { ECOMDB_CONFIG: config, ECOMDB_STATE: join(folder, 'state') }
  await withRoot(engine, primary, async session => {
    await session.run(`CREATE DATABASE ${SHOP}`)
    await session.run(`CREATE TABLE ${SHOP}.items (a INT PRIMARY KEY, price INT)`)
    await engine.accessCatalog.ensureStore(session, 'access')
  })
  return { engine, primary, replica, env }
}

async function replicate(
  engine: Engine,
  primary: RunningServer,
  replica: RunningServer,
): Promise<void> {
  const isMysql = engine.family === 'mysql'
  const position = await withRoot(engine, primary, async session => {
    await session.run(`CREATE USER repl@'127.0.0.1' IDENTIFIED BY '${PASSWORD}'`)
    await session.run("GRANT REPLICATION SLAVE ON *.* TO repl@'127.0.0.1'")
    const show = isMysql ? 'SHOW BINARY LOG STATUS' : 'SHOW MASTER STATUS'
    const [row] = await session.rows(show)
    return { file: String(row?.['File']), offset: Number(row?.['Position']) }
  })
  const word = isMysql ? 'SOURCE' : 'MASTER'
  const parts = [
    `${word}_HOST = '127.0.0.1', ${word}_PORT = ${primary.port}, ${word}_USER = 'repl'`,
    `${word}_PASSWORD = '${PASSWORD}', ${word}_LOG_FILE = '${position.file}'`,
    `${word}_LOG_POS = ${position.offset}${isMysql ? ', GET_SOURCE_PUBLIC_KEY = 1' : ''}`,
  ].join(', ')
  await withRoot(engine, replica, async session => {
    await session.run(`CHANGE ${isMysql ? 'REPLICATION SOURCE' : 'MASTER'} TO ${parts}`)
    await session.run(isMysql ? 'START REPLICA' : 'START SLAVE')
  })
}

async function makePerson({ engine, primary }: Pair, person: string): Promise<void> {
  await withRoot(engine, primary, async session => {
    const account = `'${person}'@'localhost'`
    const run = async (...statements: string[]): Promise<void> => {
      for (const statement of statements) await session.run(statement)
    }
    await run(
      `CREATE USER ${account} IDENTIFIED BY '${PASSWORD}'`,
      `GRANT SELECT, TRIGGER, EVENT ON ${SHOP}.* TO ${account}`,
      `USE ${quoteIdentifier(SHOP)}`,
      `CREATE DEFINER=${account} EVENT e_${person} ON SCHEDULE EVERY 1 SECOND DO DO SLEEP(0.3)`,
      `CREATE DEFINER=${account} TRIGGER t_${person} BEFORE INSERT ON items FOR EACH ROW SET NEW.price = 1`,
      `INSERT INTO ecomdb_access.person VALUES ('${person}', '${person}', NULL, 'active', UTC_TIMESTAMP(6), NULL)`,
      `INSERT INTO ecomdb_access.account VALUES ('${person}', 'localhost', '${person}', 'adopted', UTC_TIMESTAMP(6))`,
    )
    for (let at = 0; at < OBJECTS; at += 1) {
      await run(
        `CREATE DEFINER=${account} VIEW v_${person}_${at} AS SELECT a FROM items`,
        `CREATE DEFINER=${account} PROCEDURE p_${person}_${at}() SELECT COUNT(*) FROM items`,
      )
    }
  })
}

async function openSessions(pair: Pair, person: string): Promise<Session[]> {
  const { engine, primary, replica } = pair
  const password = new Secret(PASSWORD)
  const open = async ({ socketPath }: RunningServer, number: number): Promise<Session[]> => {
    const sessions: Session[] = []
    for (let tries = 0; sessions.length < number; tries += 1) {
      try {
        sessions.push(await engine.connect({ socketPath, user: person, password }))
      } catch (error) {
        // The account has not come to the replica yet.
        if (tries > 200) throw error
        await sleep(50)
      }
    }
    return sessions
  }
  return [...(await open(primary, SESSIONS.primary)), ...(await open(replica, SESSIONS.replica))]
}

async function withRoot<Result>(
  engine: Engine,
  server: RunningServer,
  use: (session: Session) => Promise<Result>,
): Promise<Result> {
  const session = await engine.connect(server.administrator)
  try {
    return await use(session)
  } finally {
    await session.close()
  }
}
