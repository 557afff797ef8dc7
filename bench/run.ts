import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { MIB } from '#core/units'
import { ENGINE_FAMILIES, type EngineFamily } from '#domain/engine-family'
import { accessPlan } from './access-plan.ts'
import { archiveLoss } from './archive-loss.ts'
import { auditInsert, auditInsertRelaxed, auditInsertUnlogged } from './audit-insert.ts'
import { auditVerify, erase, seal } from './audit-trail.ts'
import { type BenchContext, type Benchmark, type BenchResult, runContest } from './benchmark.ts'
import { dump } from './dump.ts'
import { dumpLimit } from './dump-limit.ts'
import { growth } from './growth.ts'
import { load } from './load.ts'
import { login } from './login.ts'
import { offboard } from './offboard.ts'
import { physical } from './physical.ts'
import { physicalRestore } from './physical-restore.ts'
import { restore } from './restore.ts'
import { restoreLoader } from './restore-loader.ts'
import { second } from './second.ts'
import { secondPhysical } from './second-physical.ts'
import { FULL_ROWS } from './shop-server.ts'
import { startup } from './startup.ts'

/**
 * npm run bench -- NAME|all [--engine mysql|mariadb] [--rows N] [--pairs N] [--keep FOLDER] [--json]
 *
 * Ours and the peer in turn in one run, on the generator's data; medians of five pairs.
 * With --json a list of BenchResult goes to stdout; without, a table. The exit status is 1
 * when a bar is missed. Run it on a calm machine. With --keep the filled servers stay in FOLDER, and
 * run, for the next benchmark; `second` and `second-physical` change what is in them.
 */
const BENCHMARKS: readonly Benchmark[] = [
  ...[startup, load, dump, dumpLimit, growth, restore, restoreLoader],
  ...[physical, physicalRestore, second, secondPhysical],
  ...[accessPlan, offboard, login],
  ...[auditInsert, auditInsertUnlogged, auditInsertRelaxed, seal, auditVerify, erase],
  archiveLoss,
]
const MEMORY_BAR_BYTES = 400_000_000

const USAGE = `usage: npm run bench -- NAME|all [--engine mysql|mariadb] [--rows N] [--pairs N]
       [--keep FOLDER] [--json]
names: ${BENCHMARKS.map(benchmark => benchmark.name).join(', ')}
`

interface Wish {
  benchmarks: readonly Benchmark[]
  engines: readonly EngineFamily[]
  rows: number
  pairs: number
  keep: string | null
  json: boolean
}

function readWish(): Wish | null {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      engine: { type: 'string' },
      rows: { type: 'string', default: String(FULL_ROWS) },
      pairs: { type: 'string', default: '5' },
      keep: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  })
  const [name, ...others] = positionals
  const benchmarks = BENCHMARKS.filter(each => name === 'all' || name === each.name)
  const engines = ENGINE_FAMILIES.filter(each => (values.engine ?? each) === each)
  const [rows, pairs] = [Number(values.rows), Number(values.pairs)]
  const good = benchmarks.length && engines.length && !others.length && rows >= 1000 && pairs >= 1
  const keep = values.keep === undefined ? null : resolve(values.keep)
  return good ? { benchmarks, engines, rows, pairs, keep, json: values.json } : null
}

async function runAll(wish: Wish): Promise<BenchResult[]> {
  const results: BenchResult[] = []
  for (const benchmark of wish.benchmarks) {
    for (const family of benchmark.perEngine ? wish.engines : wish.engines.slice(0, 1)) {
      results.push(await runOne(benchmark, family, wish))
    }
  }
  return results
}

async function runOne(
  benchmark: Benchmark,
  family: EngineFamily,
  { rows, pairs, keep }: Wish,
): Promise<BenchResult> {
  const folder = keep ? join(keep, family) : await mkdtemp(join(tmpdir(), 'ecomdb-bench-'))
  await mkdir(folder, { recursive: true })
  const say = (message: string): void => void process.stderr.write(`${family}: ${message}\n`)
  const context: BenchContext = { family, rows, folder, keep: keep !== null, say }
  try {
    return await runContest(benchmark, context, pairs)
  } finally {
    if (!keep) await rm(folder, { recursive: true, force: true })
  }
}

function line(result: BenchResult): string {
  const seconds = (value: number | null): string => (value === null ? '-' : value.toFixed(3))
  const memory = result.peakMemoryBytes
  return [
    result.name.padEnd(8),
    (result.engine ?? '').padEnd(8),
    `ours ${seconds(result.ours)} ${result.unit}`,
    `peer ${seconds(result.peer)} ${result.unit} (${result.peerMissing ?? result.peerName})`,
    `ratio ${result.ratio?.toFixed(2) ?? '-'} (bar ${result.bar}${verdict(result.withinBar)})`,
    `processor ${seconds(result.cpu.ours)} and ${seconds(result.cpu.peer)} s, ratio ${result.cpu.ratio?.toFixed(2) ?? '-'}, load ${result.loadAverage.toFixed(1)}`,
    ...(memory === null
      ? []
      : [`memory ${Math.round(memory / MIB)} MiB (bar ${Math.floor(MEMORY_BAR_BYTES / MIB)})`]),
    ...Object.entries(result.beside ?? {}).map(
      ([what, value]) => `${what} ${seconds(value)}${/MiB$|transactions$/.test(what) ? '' : ' s'}`,
    ),
  ].join('  ')
}

function verdict(within: boolean | null): string {
  return within === null ? '' : within ? ', held' : ', MISSED'
}

const missed = (result: BenchResult): boolean =>
  result.withinBar === false || (result.peakMemoryBytes ?? 0) > MEMORY_BAR_BYTES

const wish = readWish()
if (!wish) {
  process.stderr.write(USAGE)
  process.exitCode = 2
} else {
  const results = await runAll(wish)
  process.stdout.write(
    wish.json ? `${JSON.stringify(results, null, 2)}\n` : `${results.map(line).join('\n')}\n`,
  )
  process.exitCode = results.some(missed) ? 1 : 0
}
