import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BenchContext, Benchmark, Contest } from './benchmark.ts'
import { type Measured, measure } from './measure.ts'
import { type BenchServer, ecomdb, SHOP, startBenchServer } from './shop-server.ts'

const MOST_EVENTS = 1_000_000
/** What is promised: events a second, and seconds for a million. */
const SEALED_PER_SECOND = 50_000
const VERIFY_SECONDS = 60
const ERASE_SECONDS = 5
/** Messages of one person, which lie all over the table. */
const MESSAGES_EACH = 100

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

/**
 * `ecomdb audit erase` of one person after another, each of a hundred messages, among up to a
 * million events that are sealed.
 */
export const erase: Benchmark = {
  name: 'erase',
  bar: 1,
  perEngine: true,
  async prepare(context) {
    const { run, close } = await auditedShop(context, 'erase', {
      policy: 'erase: [{table: messages, where: person_id, empty: [said]}]\n',
      columns: events => [
        'ADD COLUMN person_id INT, ADD KEY (person_id)',
        `person_id = id % ${Math.floor(events / MESSAGES_EACH)}`,
      ],
    })
    await run('audit', 'seal')
    let person = 0
    return {
      ...promised(`${ERASE_SECONDS} s among a million events`, ERASE_SECONDS),
      ours() {
        const key = String(++person)
        return run('audit', 'erase', '--person', key, '--reason', 'bench', '--confirm', key)
      },
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

/** What a message has besides, and the policy: ALTER TABLE, and SET of an UPDATE. */
interface More {
  policy: string
  columns(events: number): [alter: string, set: string]
}

/** A table of so many messages, each with its event. */
async function auditedShop(context: BenchContext, name: string, more?: More): Promise<AuditedShop> {
  const bench = await startBenchServer(context, name)
  const events = Math.min(context.rows, MOST_EVENTS)
  await bench.run(`CREATE DATABASE ${SHOP}`)
  await bench.run(
    `CREATE TABLE ${SHOP}.messages (id INT PRIMARY KEY, said TEXT, said_at DATETIME NOT NULL) ENGINE = InnoDB`,
  )
  await fill(bench, events)
  const [alter, set] = more?.columns(events) ?? []
  if (alter) await bench.run(`ALTER TABLE ${SHOP}.messages ${alter}`)
  if (set) await bench.run(`UPDATE ${SHOP}.messages SET ${set}`)
  await mkdir(join(context.folder, 'anchor'), { recursive: true })
  const policy = `tables: [messages]\n${more?.policy ?? ''}`
  await writeFile(join(context.folder, 'policy.yaml'), policy)
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
