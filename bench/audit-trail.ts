import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BenchContext, Benchmark, Contest } from './benchmark.ts'
import { type Measured, measure } from './measure.ts'
import { type BenchServer, ecomdb, SHOP, startBenchServer } from './shop-server.ts'

const MOST_EVENTS = 1_000_000
/** What is promised: events a second, and seconds for a million. */
const SEALED_PER_SECOND = 50_000
const VERIFY_SECONDS = 60

/** `ecomdb audit seal` of up to a million events, against the time that is promised. */
export const seal: Benchmark = {
  name: 'seal',
  bar: 1,
  perEngine: true,
  async prepare(context) {
    const { bench, events, run, close } = await auditedShop(context, 'seal')
    return {
      ...promised(`${SEALED_PER_SECOND} events a second`, events / SEALED_PER_SECOND),
      async ours() {
        await bench.run('TRUNCATE TABLE bench_audit.batch')
        await rm(join(context.folder, 'anchor'), { recursive: true, force: true })
        await mkdir(join(context.folder, 'anchor'))
        return await run('audit', 'seal')
      },
      close,
    }
  },
}

/** `ecomdb audit verify` of up to a million events and as many rows. */
export const auditVerify: Benchmark = {
  name: 'audit-verify',
  bar: 1,
  perEngine: true,
  async prepare(context) {
    const { events, run, close } = await auditedShop(context, 'audit-verify')
    await run('audit', 'seal')
    const seconds = (VERIFY_SECONDS * events) / MOST_EVENTS
    return {
      ...promised(`${VERIFY_SECONDS} s for a million events`, seconds),
      ours: () => run('audit', 'verify'),
      close,
    }
  },
}

function promised(peerName: string, seconds: number): Pick<Contest, 'peerName' | 'peer'> {
  const measured: Measured = { seconds, peakBytes: null, cpuSeconds: seconds, stdout: '' }
  return { peerName, peer: async () => measured }
}

interface AuditedShop {
  bench: BenchServer
  events: number
  run(...args: string[]): Promise<Measured>
  close(): Promise<void>
}

/** A table of so many messages, each with its event. */
async function auditedShop(context: BenchContext, name: string): Promise<AuditedShop> {
  const bench = await startBenchServer(context, name)
  const events = Math.min(context.rows, MOST_EVENTS)
  await bench.run(`CREATE DATABASE ${SHOP}`)
  await bench.run(
    `CREATE TABLE ${SHOP}.messages (id INT PRIMARY KEY, said TEXT, said_at DATETIME NOT NULL) ENGINE = InnoDB`,
  )
  await fill(bench, events)
  await mkdir(join(context.folder, 'anchor'), { recursive: true })
  await writeFile(join(context.folder, 'policy.yaml'), 'tables: [messages]\n')
  await writeFile(
    join(context.folder, 'ecomdb.yaml'),
    'audit: {policy: policy.yaml, anchors: [{directory: anchor}]}\n',
  )
  const env = { ...bench.env, ECOMDB_AUDIT_DATABASE: 'bench_audit' }
  const run = (...args: string[]) =>
    measure(ecomdb, args, { env, cwd: context.folder, watchMemory: true })
  await run('key', 'rotate', 'audit')
  context.say(`writing ${events} events`)
  await run('audit', 'install')
  return { bench, events, run, close: bench.stop }
}

/** Doubles the table until it is large enough. */
async function fill(bench: BenchServer, rows: number): Promise<void> {
  await bench.run(`INSERT INTO ${SHOP}.messages VALUES (1, 'my bear has lost an arm', NOW())`)
  for (let there = 1; there < rows; there *= 2) {
    await bench.run(
      `INSERT INTO ${SHOP}.messages SELECT id + ${there}, CONCAT('message ', id, ': my bear has lost an arm'), said_at
       FROM ${SHOP}.messages WHERE id <= ${rows - there}`,
    )
  }
}
