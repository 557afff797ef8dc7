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

/** What could not be tried here: neither good nor bad. */
export interface SkippedCase {
  name: string
  /** What is missing. */
  skipped: string
}

/** Thrown by a case for which this machine has not what it takes. */
export class NotTried extends Error {}

/** One line of the harness's JSON. */
export interface SuiteResult {
  name: string
  engine: EngineFamily
  /** Without those that were skipped. */
  tried: number
  failed: number
  skipped: number
  seed: number
  cases: readonly CaseResult[]
  skippedCases: readonly SkippedCase[]
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

/** Runs one case; whatever it throws is its failure, but that it could not be tried. */
export async function runCase({
  name,
  expected,
  run,
}: HarnessCase): Promise<CaseResult | SkippedCase> {
  try {
    return { name, ok: true, expected, detail: await run() }
  } catch (error) {
    if (error instanceof NotTried) return { name, skipped: error.message }
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return { name, ok: false, expected, detail }
  }
}
