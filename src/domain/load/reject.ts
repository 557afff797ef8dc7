/** Something about a row that a person must look at; a line of the rejects file. */
export interface Reject {
  file: string
  /** Where the row begins in its file, from 1. */
  line: number
  table: string
  /**
   * rejected: not loaded. kept: not loaded, since --on-conflict keep leaves the row that is
   * there. replaced: loaded, since --on-conflict replace takes it; `existing` is what was there.
   */
  action: 'rejected' | 'kept' | 'replaced'
  reason: string
  /** The row as CSV; latin1 text: a character per byte, as it may be no valid UTF-8. */
  row: string
  /** The row that it collides with, as CSV in the same columns; latin1; '' for none. */
  existing: string
}

export const REJECT_COLUMNS = [
  'file',
  'line',
  'table',
  'action',
  'reason',
  'row',
  'existing',
] as const

/** A line of the rejects file: RFC 4180, text in quotes. @returns latin1 text */
export function rejectLine(reject: Reject): string {
  const quoted = (latin1: string): string => `"${latin1.replaceAll('"', '""')}"`
  return `${[
    quoted(latin1Of(reject.file)),
    String(reject.line),
    quoted(latin1Of(reject.table)),
    reject.action,
    quoted(latin1Of(reject.reason)),
    quoted(reject.row),
    quoted(reject.existing),
  ].join(',')}\n`
}

/** A row as CSV in latin1 text; NULL bare, a text NULL in quotes. */
export function rowAsCsv(values: readonly (string | null)[]): string {
  return latin1Of(values.map(csvValue).join(','))
}

function csvValue(value: string | null): string {
  if (value === null) return 'NULL'
  return value === 'NULL' || value === '' || /[",\r\n]|^\\N$/.test(value)
    ? `"${value.replaceAll('"', '""')}"`
    : value
}

const latin1Of = (text: string): string => Buffer.from(text).toString('latin1')
