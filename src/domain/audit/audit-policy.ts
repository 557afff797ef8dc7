import { type AuditEvent, OPERATION_TABLE } from './event.ts'

/** policies/audit.yaml: what is audited, who may write, and what the seal promises. */
export interface AuditPolicy {
  tables: readonly string[]
  /** null: not declared, and then nobody's changes are findings. */
  writers: readonly Writer[] | null
  seal: {
    /** Between two looks of `seal --follow`. */
    everyMs: number
    /** A checkpoint comes at least so often, also without an event. */
    heartbeatMs: number
    /** An event that is older and in no batch is a finding. */
    withinMs: number
    maxEvents: number
  }
  /** The longest that a statement may run; an event cannot be older when it is sealed. */
  longestStatementMs: number
  /** How far the clocks of the server and the sealing host may be apart. */
  clockSkewMs: number
  /** How many anchors there have to be. */
  anchors: number
  /** Sealed batches older than this are removed by `audit prune`; null: none. */
  keepMs: number | null
  /** What is a person's: the first table's row stands for the person. Empty: nobody is erased. */
  erase: readonly EraseRule[]
}

/** Rows that are a person's, and the columns that an erasure empties. */
export interface EraseRule {
  table: string
  /** Its column that has the person's key, or that of the table between. */
  where: string
  /** A table that has both: `where`, and the person's key under this name. */
  through: { table: string; where: string } | null
  empty: readonly string[]
}

/** A program or person that may change audited tables. */
export interface Writer {
  user: string
  /** As the host of an account: `%` and `_` stand for anything. */
  host: string
  /** null: all of them. */
  tables: readonly string[] | null
  operations: readonly ('insert' | 'update' | 'delete')[]
}

const OPERATION = { I: 'insert', U: 'update', D: 'delete' } as const

/**
 * May whoever made this event change this table so? True where the event is of no row, and
 * without declared writers; rows of OPERATION_TABLE are added only.
 */
export function isLegitimate(
  { kind, account }: Pick<AuditEvent, 'kind' | 'account'>,
  table: string,
  writers: readonly Writer[] | null,
): boolean {
  if (kind !== 'I' && kind !== 'U' && kind !== 'D') return true
  if (table === OPERATION_TABLE) return false
  if (writers === null) return true
  const at = account.lastIndexOf('@')
  const user = account.slice(0, at)
  const host = account.slice(at + 1)
  return writers.some(
    writer =>
      writer.user === user &&
      isLike(host, writer.host) &&
      (writer.tables?.includes(table) ?? true) &&
      writer.operations.includes(OPERATION[kind]),
  )
}

/** Of a policy's few hosts; each is asked for with every event. */
const patterns = new Map<string, RegExp>()

/** As LIKE in SQL, without escapes. */
function isLike(text: string, pattern: string): boolean {
  const known = patterns.get(pattern) ?? expression(pattern)
  patterns.set(pattern, known)
  return known.test(text)
}

function expression(pattern: string): RegExp {
  const source = pattern
    .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll('%', '.*')
    .replaceAll('_', '.')
  return new RegExp(`^${source}$`, 'i')
}
