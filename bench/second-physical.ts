import { setTimeout as sleep } from 'node:timers/promises'
import { MIB } from '#core/units'
import type { Benchmark, Contest } from './benchmark.ts'
import type { Measured } from './measure.ts'
import { backUpFiles, physicalShop, storedBytes } from './physical.ts'
import { type BenchServer, freshRepository, SHOP } from './shop-server.ts'

/** The tables that grow in a shop. */
const GROWING = ['website_sessions', 'website_pageviews', 'chat_messages']

/**
 * Bytes that a second physical backup stores after one row in a hundred was appended and all pages were
 * flushed, as a part of those that the first one stored.
 */
export const secondPhysical: Benchmark = {
  name: 'second-physical',
  bar: 0.15,
  unit: 'MiB',
  perEngine: true,
  prepare: async context => secondOf(await physicalShop(context), backUpFlushed),
}

/** A server that was written to an hour ago has its pages in the files, and not in its log alone. */
async function backUpFlushed(bench: BenchServer, folder: string): Promise<Measured> {
  await flushPages(bench)
  return await backUpFiles(bench, folder)
}

/** Waits for the page cleaner; LIMITS are put back behind it. */
async function flushPages({ engine, run, value }: BenchServer): Promise<void> {
  const before = await Promise.all(LIMITS.map(name => value(`SELECT @@GLOBAL.${name}`)))
  // The low mark first: it may not be above the other.
  for (const name of LIMITS) await run(`SET GLOBAL ${name} = 0`)
  const table =
    engine.family === 'mysql'
      ? 'performance_schema.global_status'
      : 'information_schema.GLOBAL_STATUS'
  const dirty = `SELECT VARIABLE_VALUE FROM ${table}
    WHERE VARIABLE_NAME = 'Innodb_buffer_pool_pages_dirty'`
  const from = Date.now()
  while (Number(await value(dirty)) > 0) {
    if (Date.now() - from > FLUSH_MS) throw new Error('the server does not flush its pages')
    await sleep(200)
  }
  for (const [place, name] of [...LIMITS.entries()].reverse()) {
    await run(`SET GLOBAL ${name} = ${before[place]}`)
  }
}

const LIMITS = ['innodb_max_dirty_pages_pct_lwm', 'innodb_max_dirty_pages_pct']
const FLUSH_MS = 120_000

/** The first backup is the peer of each later one, every time after another hundredth of rows. */
export function secondOf(
  { bench, folder }: { bench: BenchServer; folder: string },
  backUp: (bench: BenchServer, folder: string) => Promise<Measured>,
): Contest {
  let first: Measured | null = null
  return {
    peerName: 'the first backup',
    ours: async () => {
      await appendHundredth(bench)
      return inMebibytes(await backUp(bench, folder))
    },
    peer: async () => {
      // The first one only: what comes after it is the second, and the next pair's the third.
      if (!first) await freshRepository(bench, folder)
      first ??= await backUp(bench, folder)
      return inMebibytes(first)
    },
    peerFirst: true,
    close: bench.stop,
  }
}

function inMebibytes(measured: Measured): Measured {
  return { ...measured, seconds: storedBytes(measured) / MIB }
}

/** The newest hundredth once more, behind the last: the generator's keys have no gaps. */
async function appendHundredth({ run, value }: BenchServer): Promise<void> {
  for (const table of GROWING) {
    const place = `TABLE_SCHEMA = '${SHOP}' AND TABLE_NAME = '${table}'`
    const columns = await value(
      `SELECT GROUP_CONCAT(COLUMN_NAME ORDER BY ORDINAL_POSITION) FROM information_schema.COLUMNS
        WHERE ${place} AND EXTRA NOT LIKE '%GENERATED'`,
    )
    const key = await value(
      `SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE ${place} AND COLUMN_KEY = 'PRI'`,
    )
    const rows = Number(await value(`SELECT COUNT(*) FROM ${SHOP}.${table}`))
    const count = Math.ceil(rows / 100)
    const moved = columns?.split(',').map(name => (name === key ? `${key} + ${count}` : name))
    await run(
      `INSERT INTO ${SHOP}.${table} (${columns})
       SELECT ${moved} FROM ${SHOP}.${table} ORDER BY ${SHOP}.${table}.${key} DESC LIMIT ${count}`,
    )
  }
}
