import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { cacheFolder } from '#core/paths'
import { ENGINE_FAMILIES, type EngineFamily } from '#domain/engine-family'
import { attacks } from './attacks/suite.ts'
import { CaseJournal } from './case-journal.ts'
import { corpus } from './corpus/suite.ts'
import { faults } from './faults/suite.ts'
import { fidelity } from './fidelity/suite.ts'
import { replay } from './replay/suite.ts'
import {
  type CaseResult,
  runCase,
  type SkippedCase,
  type Suite,
  type SuiteResult,
} from './suite.ts'

/**
 * npm run harness -- faults|fidelity|attacks|replay|corpus|all [--engine mysql|mariadb] [--count N]
 *                    [--seed S] [--only PART] [--resume] [--json]
 *
 * Tries what a test of every commit has no time for. Case i of seed S is case 0 of seed
 * S + i, so that one that failed runs again by itself. A run that was cut short goes on
 * with --resume. The exit status is 1 when a case has failed.
 */
const SUITES: readonly Suite[] = [faults, fidelity, attacks, replay, corpus]

const USAGE = `usage: npm run harness -- NAME|all [--engine mysql|mariadb] [--count N] [--seed S] [--only PART] [--resume] [--json]
names: ${SUITES.map(({ name }) => name).join(', ')}
`

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

interface Wish {
  suites: readonly Suite[]
  engines: readonly EngineFamily[]
  count: number | null
  seed: number
  only: string | null
  resume: boolean
  json: boolean
}

function readWish(): Wish | null {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      engine: { type: 'string' },
      count: { type: 'string' },
      seed: { type: 'string', default: '1' },
      only: { type: 'string' },
      resume: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  })
  const [name, ...others] = positionals
  const suites = SUITES.filter(suite => name === 'all' || name === suite.name)
  const engines = ENGINE_FAMILIES.filter(family => (values.engine ?? family) === family)
  const count = values.count === undefined ? null : Number(values.count)
  const seed = Number(values.seed)
  const good =
    suites.length > 0 &&
    engines.length > 0 &&
    others.length === 0 &&
    Number.isSafeInteger(seed) &&
    (count === null || count >= 1)
  const { only = null, resume, json } = values
  return good ? { suites, engines, count, seed, only, resume, json } : null
}

async function runSuite(suite: Suite, family: EngineFamily, wish: Wish): Promise<SuiteResult> {
  const { seed, only } = wish
  const count = wish.count ?? suite.defaultCount
  const name = [suite.name, family, seed, count, only ?? 'all'].join('-')
  const journal = new CaseJournal(join(cacheFolder(), 'harness', `${name}.jsonl`))
  if (!wish.resume) await journal.remove()
  const known = await journal.read()
  const folder = await mkdtemp(join(tmpdir(), 'ecomdb-harness-'))
  const say = (message: string): void => void process.stderr.write(`${family}: ${message}\n`)
  const results: CaseResult[] = []
  const skippedCases: SkippedCase[] = []
  const prepared = await suite.prepare({ family, folder, seed, count, only, say })
  let stopped = false
  const stop = (): void => {
    stopped = true
    say('stops after this case; --resume goes on behind it')
  }
  for (const signal of SIGNALS) process.once(signal, stop)
  try {
    for (const one of prepared.cases) {
      if (stopped) break
      const before = known.get(one.name)
      const result = before ?? (await runCase(one))
      if ('skipped' in result) {
        skippedCases.push(result)
        say(`skipped ${result.name}: ${result.skipped}`)
        continue
      }
      results.push(result)
      if (!before) await journal.add(result)
      const detail = result.ok ? firstLine(result.detail) : result.detail
      say(`${result.ok ? 'ok     ' : 'FAILED '} ${result.name}: ${detail}`)
    }
  } finally {
    await prepared.close()
    await rm(folder, { recursive: true, force: true })
    for (const signal of SIGNALS) process.off(signal, stop)
  }
  if (!stopped) await journal.remove()
  const failed = results.filter(({ ok }) => !ok).length
  return {
    ...{ name: suite.name, engine: family, tried: results.length, failed },
    ...{ skipped: skippedCases.length, seed, cases: results, skippedCases },
  }
}

const firstLine = (text: string): string => text.split('\n')[0]?.slice(0, 200) ?? ''

function summary({ name, engine, tried, failed, skipped, seed, cases }: SuiteResult): string {
  const lines = cases
    .filter(({ ok }) => !ok)
    .map(one => `  ${one.name}\n    expected: ${one.expected}\n    ${one.detail}`)
  return [
    `${name} ${engine}: ${tried} tried, ${failed} failed, ${skipped} skipped, seed ${seed}`,
    ...lines,
  ].join('\n')
}

const wish = readWish()
if (!wish) {
  process.stderr.write(USAGE)
  process.exitCode = 2
} else {
  const results: SuiteResult[] = []
  for (const suite of wish.suites) {
    for (const family of wish.engines) results.push(await runSuite(suite, family, wish))
  }
  const text = wish.json ? JSON.stringify(results, null, 2) : results.map(summary).join('\n')
  process.stdout.write(`${text}\n`)
  process.exitCode = results.some(({ failed }) => failed > 0) ? 1 : 0
}
