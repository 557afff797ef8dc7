/** One thing that a restore or a drill looked at, and what came of it. */
export interface Check {
  /** Short and stable: "rows", "definitions", "probes". */
  name: string
  /** unchecked: it could not be looked at here, and `summary` says why. */
  outcome: 'passed' | 'failed' | 'unchecked'
  /** In words: "1,234 rows in 12 tables". */
  summary: string
  /** What is not as it should be, each naming the object; at most MAX_DIFFERENCES. */
  differences: readonly string[]
  /** What to do next, where that is not what a failed check asks for otherwise. */
  hints?: readonly string[]
}

/** More than these are counted and not listed. */
export const MAX_DIFFERENCES = 20

/** Passed when there is no difference. */
export function checkOf(name: string, summary: string, differences: readonly string[]): Check {
  const more = differences.length - MAX_DIFFERENCES
  return {
    name,
    outcome: differences.length === 0 ? 'passed' : 'failed',
    summary,
    differences:
      more > 0 ? [...differences.slice(0, MAX_DIFFERENCES), `and ${more} more`] : differences,
  }
}
