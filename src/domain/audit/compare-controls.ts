import { isErasure } from './erasure.ts'
import type { Control } from './event.ts'
import { type Finding, type FindingKind, finding } from './finding.ts'
import { loginsDiffer } from './login-watch.ts'
import { rightsDiffer } from './rights-watch.ts'
import { isWatched } from './server-watch.ts'

/** Said in a batch, and different every time. */
const MOVING = 'position'

const KIND: Readonly<Record<string, FindingKind>> = {
  trigger: 'TRIGGER CHANGED',
  grant: 'GRANT CHANGED',
}

/**
 * What changed between two batches beside the rows.
 *
 * @param known of the findings: when, and in which batch
 */
export function compareControls(
  before: readonly Control[],
  after: readonly Control[],
  known: Pick<Finding, 'from' | 'to' | 'batch'>,
): Finding[] {
  const was = new Map(before.map(({ name, value }) => [name, value]))
  const is = new Map(after.map(({ name, value }) => [name, value]))
  const names = [...new Set([...was.keys(), ...is.keys()])].filter(
    name => name !== MOVING && !isWatched({ name }) && !isErasure({ name }),
  )
  return names.sort().flatMap(name => {
    const [old, now] = [was.get(name), is.get(name)]
    // A new layout comes with the triggers that use it, and those are findings.
    if (old === now || (name.startsWith('layout ') && old === undefined)) return []
    const kind = KIND[name.slice(0, name.indexOf(' '))] ?? 'SETTING CHANGED'
    return [finding(kind, `${name}: ${change(old, now)}`, { ...known, table: tableOf(name) })]
  })
}

/** Does a batch have to say so, though no event does? */
export function controlsDiffer(before: readonly Control[], after: readonly Control[]): boolean {
  const known = { from: null, to: null, batch: null }
  return (
    rightsDiffer(before, after) ||
    loginsDiffer(before, after) ||
    compareControls(before, after, known).length > 0
  )
}

function change(old: string | undefined, now: string | undefined): string {
  if (old === undefined) return `new: ${now}`
  return now === undefined ? `gone; it was ${old}` : `was ${old}, is ${now}`
}

/** "trigger chat_messages/name" */
function tableOf(name: string): string | null {
  return /^(?:trigger|table) ([^/]+)/.exec(name)?.[1] ?? null
}
