import { existsSync } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { engineFor } from '#cli/wire'
import { EcomdbError } from '#core/errors'
import { cacheFolder, packageRoot } from '#core/paths'
import { SAMPLE_TABLES, sampleFileName } from '#domain/sample/sample-files'
import type { Engine } from '#engine/engine'
import { quoteIdentifier, quoteString } from '#engine/quote'
import type { RunningServer } from '#engine/scratch-server'
import type { ProgramCommand } from '#process/program'
import { runProgram } from '#process/run-program'
import type { BenchContext } from './benchmark.ts'
import { countServer } from './measure.ts'

/** Rows of the generator's scale 1: sessions, pageviews, items and chat messages. */
export const FULL_ROWS = 4_600_000
/** Pageviews among them. */
export const PAGEVIEWS = 2_500_000

export const SHOP = 'bench_shop'

/**
 * Enough for the whole data set, so that both sides work in memory: 1 GiB for the shop of scale 1,
 * as much again for each shop more. With 1 GiB for four of them a dump reads 60 to 200 MB a second
 * of pages from the disk, and the disk is what is measured.
 */
function bufferPool(rows: number): string {
  return `--innodb-buffer-pool-size=${Math.max(1, Math.ceil(rows / FULL_ROWS))}G`
}

export const ecomdb: ProgramCommand = {
  file: join(packageRoot(), 'bin/ecomdb'),
  args: [],
  env: {},
}

export interface BenchServer {
  engine: Engine
  server: RunningServer
  /** For ecomdb. */
  env: Record<string, string>
  run(sql: string): Promise<void>
  value(sql: string): Promise<string | null>
  stop(): Promise<void>
}

export const NO_BINARY_LOG = ['--skip-log-bin']
export const BINARY_LOG = ['--log-bin=binlog', '--sync-binlog=1']

/** A private server as durable as a real one; without a binary log, as long as none is asked for. */
export async function startBenchServer(
  context: BenchContext,
  name: string,
  binaryLog: readonly string[] = NO_BINARY_LOG,
): Promise<BenchServer> {
  const engine = await engineFor(context.family)
  const server = await engine.scratchServers.start({
    folder: join(context.folder, name),
    tcp: false,
    purpose: 'sandbox',
    serverOptions: [...binaryLog, bufferPool(context.rows)],
  })
  const session = await engine.connect(server.administrator)
  const forget = countServer(server.pid)
  return {
    engine,
    server,
    env: {
      ECOMDB_ENGINE: context.family,
      ECOMDB_SOCKET: server.socketPath,
      ECOMDB_USER: 'root',
      ECOMDB_DATABASE: SHOP,
      ECOMDB_STATE: join(context.folder, 'state'),
      ECOMDB_PROGRESS: 'none',
    },
    run: async sql => void (await session.run(sql)),
    value: sql => session.value(sql),
    stop: async () => {
      forget()
      await session.close()
      if (!context.keep) await engine.scratchServers.remove(server.folder)
    },
  }
}

/**
 * The generator's CSV files of so many rows; kept in the cache, since they are the same
 * every time.
 */
export async function sampleFolder({ rows, say }: BenchContext): Promise<string> {
  const folder = join(cacheFolder(), 'bench', `sample-${rows}`)
  if (existsSync(folder)) return folder
  say(`generating about ${rows.toLocaleString('en-US')} rows`)
  const partial = `${folder}.partial`
  await rm(partial, { recursive: true, force: true })
  await mkdir(partial, { recursive: true })
  const scale = String(rows / FULL_ROWS)
  await runProgram(ecomdb, [
    'sample',
    'generate',
    '--out',
    partial,
    '--scale',
    scale,
    '--overwrite',
  ])
  await rename(partial, folder)
  return folder
}

/** Makes the shop's schema, and loads the tables of these names with the server's own means. */
export async function fillShop(
  bench: BenchServer,
  context: BenchContext,
  files: readonly string[],
): Promise<void> {
  if (context.keep && (await isFilled(bench, context))) return
  await bench.run(`DROP DATABASE IF EXISTS ${SHOP}`)
  await runProgram(ecomdb, ['provision', 'apply'], { env: bench.env })
  const sample = await sampleFolder(context)
  for (const file of files) {
    context.say(`loading ${file}`)
    const statement = await loadDataStatement(join(sample, file))
    await runProgram(bench.engine.scratchServers.client(bench.server), [
      '--local-infile=1',
      SHOP,
      '-e',
      statement,
    ])
  }
}

/** Has it the rows already, and no more? */
async function isFilled({ value }: BenchServer, { rows }: BenchContext): Promise<boolean> {
  const found = await value(`SELECT COUNT(*) FROM ${SHOP}.website_pageviews`).catch(() => null)
  return Number(found ?? 0) === Math.round((PAGEVIEWS * rows) / FULL_ROWS)
}

/** The server's own LOAD DATA LOCAL of one of the generator's files. */
export async function loadDataStatement(path: string): Promise<string> {
  const columns = (await firstLine(path)).split(',').map(quoteIdentifier).join(', ')
  const table = quoteIdentifier(path.replace(/^.*\d\d\.(.*)\.csv$/, '$1'))
  return `LOAD DATA LOCAL INFILE ${quoteString(path)} INTO TABLE ${table} CHARACTER SET utf8mb4
    FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '"' ESCAPED BY '' IGNORE 1 LINES (${columns})`
}

async function firstLine(path: string): Promise<string> {
  const file = await open(path)
  try {
    for await (const line of file.readLines()) return line
    return ''
  } finally {
    await file.close()
  }
}

/** All of the generator's tables, in an order in which references hold. */
export const ALL_FILES = SAMPLE_TABLES.map(sampleFileName)

/** What `ecomdb init` makes for this server, in `folder`; each call makes the repository anew. */
export async function freshRepository(
  bench: BenchServer,
  folder: string,
): Promise<{ config: string; repository: string }> {
  const repository = join(folder, 'repository')
  await rm(repository, { recursive: true, force: true })
  const place = ['--folder', folder, '--target', repository]
  await runProgram(ecomdb, ['init', '--yes', ...place], { env: bench.env })
  return { config: join(folder, 'ecomdb.yaml'), repository }
}

/** A server with the shop's rows, and a repository for its backups in `folder`. */
export interface BenchShop {
  bench: BenchServer
  folder: string
}

/** A whole shop, ready to be backed up; `name` is for one of several. */
export async function logicalShop(context: BenchContext, name = 'server'): Promise<BenchShop> {
  const bench = await startBenchServer(context, name)
  await fillShop(bench, context, ALL_FILES)
  const folder = join(context.folder, name === 'server' ? 'ours' : `ours-${name}`)
  await mkdir(folder, { recursive: true })
  await freshRepository(bench, folder)
  return { bench, folder }
}

/** A program of the peer's, or what to say when the machine has none. */
export function findPeer(find: () => ProgramCommand): ProgramCommand | string {
  try {
    return find()
  } catch (error) {
    if (error instanceof EcomdbError && error.code === 'TOOL_MISSING') return error.what
    throw error
  }
}
