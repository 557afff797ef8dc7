import { silentProgress } from '#core/progress'
import type { Session } from '#engine/session'
import { installAudit } from '#workflow/audit/install-audit'
import type { BenchContext, Benchmark, Contest } from './benchmark.ts'
import { measureHere } from './measure.ts'
import { BINARY_LOG, NO_BINARY_LOG, SHOP, startBenchServer } from './shop-server.ts'

/** Connections that insert at the same time, one number after the other. */
const CONNECTIONS = [8, 48]
/** Inserts of one run, at each number. */
const INSERTS = 6_000

const TABLE = `(id BIGINT AUTO_INCREMENT PRIMARY KEY, created_at DATETIME NOT NULL, chat_session_id BIGINT NOT NULL,
  user_id BIGINT NULL, support_member_id BIGINT NULL, message_text TEXT NULL,
  KEY session (chat_session_id, created_at), KEY user (user_id), KEY member (support_member_id, created_at))
  ENGINE = InnoDB`

/** How a server writes: what is synchronised with each commit, and whether there is a binary log. */
interface Writing {
  durable: boolean
  binaryLog: boolean
}

/** The server's own defaults, and what `ecomdb backup binlog` needs: without a log no restore to a moment. */
const DURABLE: Writing = { durable: true, binaryLog: true }

/** Messages one by one into an audited table, against the same table without triggers. */
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
  await bench.run(`CREATE DATABASE ${SHOP}`)
  await bench.run(`CREATE TABLE ${SHOP}.plain ${TABLE}`)
  await bench.run(`CREATE TABLE ${SHOP}.audited ${TABLE}`)
  const { engine, server } = bench
  const connect = { ...server.administrator, auditDatabase: 'bench_audit' }
  await installAudit(
    { engine, connect, database: SHOP, tables: ['audited'], baseline: false, dryRun: false },
    silentProgress(),
  )
  const pool = await Promise.all(
    Array.from({ length: Math.max(...CONNECTIONS) }, () =>
      engine.connect({ ...server.administrator, database: SHOP }),
    ),
  )
  const run = (table: string) =>
    measureHere(async () => {
      for (const connections of CONNECTIONS) await insert(pool.slice(0, connections), table)
    })
  return {
    peerName: `the same inserts without triggers, ${CONNECTIONS.join(' and ')} connections`,
    ours: () => run('audited'),
    peer: () => run('plain'),
    async close() {
      await Promise.all(pool.map(session => session.close()))
      await bench.stop()
    },
  }
}

async function insert(pool: readonly Session[], table: string): Promise<void> {
  let left = INSERTS
  const sql = `INSERT INTO ${table} (created_at, chat_session_id, user_id, message_text)
    VALUES (NOW(), 5, 7, 'hello, my bear has lost an arm and I would like another one, please')`
  await Promise.all(
    pool.map(async session => {
      while (left > 0) {
        left -= 1
        await session.run(sql)
      }
    }),
  )
}
