import { silentProgress } from '#core/progress'
import type { Session } from '#engine/session'
import { runProgram } from '#process/run-program'
import { installAudit } from '#workflow/audit/install-audit'
import type { BenchContext, Benchmark, Contest } from './benchmark.ts'
import { measureHere } from './measure.ts'
import { BINARY_LOG, ecomdb, NO_BINARY_LOG, SHOP, startBenchServer } from './shop-server.ts'

/** Connections that insert at the same time, one number after the other. */
const CONNECTIONS = [8, 48]
/** Inserts of one run, at each number. */
const INSERTS = 6_000

/** Whose messages are not audited: a database with the same schema and the same people. */
const UNAUDITED = 'bench_unaudited'
const AUDITED = ['users', 'support_members', 'chat_sessions', 'chat_messages']

/** Who chats: rows that a message refers to. */
const USERS = 200
const MEMBERS = 20
const SESSIONS = 500
const PEOPLE = [
  `INSERT INTO users (created_at) WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < ${USERS}) SELECT NOW() FROM n`,
  `INSERT INTO support_members (created_at) WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < ${MEMBERS}) SELECT NOW() FROM n`,
  `INSERT INTO chat_sessions (created_at, user_id, support_member_id)
   WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < ${SESSIONS})
   SELECT NOW(), 1 + i % ${USERS}, 1 + i % ${MEMBERS} FROM n`,
]

/** How a server writes: what is synchronised with each commit, and whether there is a binary log. */
interface Writing {
  durable: boolean
  binaryLog: boolean
}

/** The server's own defaults, and what `ecomdb backup binlog` needs: without a log no restore to a moment. */
const DURABLE: Writing = { durable: true, binaryLog: true }

/** Chat messages one by one, audited, against the same shop's without triggers. */
export const auditInsert = insertBenchmark('audit-insert', DURABLE, 1 / 0.75)
/** Where commits cost least, the triggers' share is largest. */
export const auditInsertUnlogged = insertBenchmark(
  'audit-insert-unlogged',
  { durable: true, binaryLog: false },
  1 / 0.75,
)
export const auditInsertRelaxed = insertBenchmark(
  'audit-insert-relaxed',
  { durable: false, binaryLog: false },
  1 / 0.6,
)

function insertBenchmark(name: Benchmark['name'], writing: Writing, bar: number): Benchmark {
  return { name, bar, perEngine: true, prepare: context => prepare(context, name, writing) }
}

async function prepare(context: BenchContext, name: string, writing: Writing): Promise<Contest> {
  const bench = await startBenchServer(
    context,
    name,
    writing.binaryLog ? BINARY_LOG : NO_BINARY_LOG,
  )
  await bench.run(`SET GLOBAL innodb_flush_log_at_trx_commit = ${writing.durable ? 1 : 0}`)
  const { engine, server } = bench
  for (const database of [SHOP, UNAUDITED]) {
    await runProgram(ecomdb, ['provision', 'apply'], {
      env: { ...bench.env, ECOMDB_DATABASE: database },
    })
    await bench.run(`USE ${database}`)
    for (const sql of PEOPLE) await bench.run(sql)
  }
  const connect = { ...server.administrator, auditDatabase: 'bench_audit' }
  await installAudit(
    { engine, connect, database: SHOP, tables: AUDITED, baseline: false, dryRun: false },
    silentProgress(),
  )
  const pool = await Promise.all(
    Array.from({ length: Math.max(...CONNECTIONS) }, () =>
      engine.connect({ ...server.administrator, database: SHOP }),
    ),
  )
  const run = (database: string) =>
    measureHere(async () => {
      for (const connections of CONNECTIONS) await insert(pool.slice(0, connections), database)
    })
  return {
    peerName: `the same inserts without triggers, ${CONNECTIONS.join(' and ')} connections`,
    ours: () => run(SHOP),
    peer: () => run(UNAUDITED),
    async close() {
      await Promise.all(pool.map(session => session.close()))
      await bench.stop()
    },
  }
}

/** Of a session's customer and of its support member in turn, as they write. */
async function insert(pool: readonly Session[], database: string): Promise<void> {
  let left = INSERTS
  await Promise.all(
    pool.map(async session => {
      while (left > 0) {
        left -= 1
        const chat = 1 + (left % SESSIONS)
        const author =
          left % 2 === 0 ? `${1 + (chat % USERS)}, NULL` : `NULL, ${1 + (chat % MEMBERS)}`
        await session.run(
          `INSERT INTO ${database}.chat_messages
             (created_at, chat_session_id, user_id, support_member_id, message_text)
           VALUES (NOW(), ${chat}, ${author},
             'hello, my bear has lost an arm and I would like another one, please')`,
        )
      }
    }),
  )
}
