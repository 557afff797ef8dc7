import type { EngineFamily } from '#domain/engine-family'

/** What was tried, and whether it ended as it must. */
export interface CaseResult {
  name: string
  ok: boolean
  /** What must hold, in words. */
  expected: string
  /** What was seen; of a failure all that it takes to repeat it. */
  detail: string
}

/** One line of the harness's JSON. */
export interface SuiteResult {
  name: string
  engine: EngineFamily
  tried: number
  failed: number
  seed: number
  cases: readonly CaseResult[]
}

export interface HarnessCase {
  /** The same for the same seed: a run that was cut short finds by it what it has done. */
  name: string
  expected: string
  /** What was seen, in words. A throw is a failure. */
  run(): Promise<string>
}

export interface SuiteContext {
  family: EngineFamily
  /** Of this suite; removed after it. */
  folder: string
  seed: number
  count: number
  /** Of --only: which part of the suite; null for all of it. */
  only: string | null
  say(message: string): void
}

/** Cases, and the servers and files that they share. */
export interface PreparedSuite {
  cases: readonly HarnessCase[]
  close(): Promise<void>
}

export interface Suite {
  name: string
  /** How many cases a run has that does not say. */
  defaultCount: number
  prepare(context: SuiteContext): Promise<PreparedSuite>
}

/** Runs one case; whatever it throws is its failure. */
export async function runCase({ name, expected, run }: HarnessCase): Promise<CaseResult> {
  try {
    return { name, ok: true, expected, detail: await run() }
  } catch (error) {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return { name, ok: false, expected, detail }
  }
}
