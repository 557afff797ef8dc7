import { countOf } from '#core/units'
import type { Check } from './check.ts'
import { namedTables, type TableElsewhere } from './manifest-inside.ts'

/** Where SHOW CREATE TABLE prints the next value, if it is not 1; a comment of the table comes after it. */
const COUNTER = /^(\) .*?ENGINE=(?:InnoDB|MEMORY))(?: AUTO_INCREMENT=(\d+))?/m

/**
 * Two snapshots of one position may have other next values. A running InnoDB takes values ahead of the rows
 * (INSERT … SELECT doubles what it takes), and its files keep the last one that was used: every server that
 * starts on them, the source too, goes on behind that. And rows that were rolled back have used values, and
 * are in no log; MEMORY has none of either in files. `create` is `was` with the value of `is`; null where they are the same.
 */
export function asFilesCount(was: string, is: string): { create: string; change: string } | null {
  const [before, after] = [COUNTER.exec(was), COUNTER.exec(is)]
  if (!before || !after || before[2] === after[2]) return null
  const value = after[2] === undefined ? '' : ` AUTO_INCREMENT=${after[2]}`
  const create = was.replace(COUNTER, (_, head: string) => `${head}${value}`)
  return { create, change: `${after[2] ?? 1}, not ${before[2] ?? 1}` }
}

/** Says of which tables the next value was not compared; `place` is what became of it. */
export function countersCheck(others: readonly TableElsewhere[]): Check[] {
  if (others.length === 0) return []
  const summary = `the next AUTO_INCREMENT of ${countOf(others.length, 'table')} is as the files have it, for a running server takes values ahead, and rows that were rolled back are in no log: ${namedTables(others)}`
  return [{ name: 'counters', outcome: 'unchecked', summary, differences: [] }]
}
