import { countOf } from '#core/units'
import type { Check } from './check.ts'
import { namedTables, type TableElsewhere } from './manifest-inside.ts'

/** Where SHOW CREATE TABLE prints the next value; a comment of the table comes after it. */
const COUNTER = /^(\) .*?ENGINE=InnoDB) AUTO_INCREMENT=(\d+)/m

/**
 * A running InnoDB takes values ahead of the rows (INSERT … SELECT doubles what it takes), and its files
 * keep the last one that was used: every server that starts on them, the source too, goes on behind that.
 * `create` is `was` with the lower value of `is`; null where that is not lower, for nothing raises it.
 */
export function asFilesCount(was: string, is: string): { create: string; change: string } | null {
  const before = COUNTER.exec(was)?.[2]
  const after = COUNTER.exec(is)?.[2]
  if (before === undefined || BigInt(after ?? 1) >= BigInt(before)) return null
  const create = was.replace(COUNTER, after === undefined ? '$1' : `$1 AUTO_INCREMENT=${after}`)
  return { create, change: `${after ?? 1}, not ${before}` }
}

/** Says of which tables the next value was not compared; `place` is what became of it. */
export function countersCheck(lowered: readonly TableElsewhere[]): Check[] {
  if (lowered.length === 0) return []
  const summary = `the next AUTO_INCREMENT of ${countOf(lowered.length, 'table')} is as the files have it, for the running server had taken more ahead: ${namedTables(lowered)}`
  return [{ name: 'counters', outcome: 'unchecked', summary, differences: [] }]
}
