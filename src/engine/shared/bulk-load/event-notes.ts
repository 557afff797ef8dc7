import { disabledEvent } from '#domain/backup/disabled-event'
import type { ProgramEntry } from '#domain/backup/manifest'
import { quoteQualified } from '../../quote.ts'

/** Nothing else tells which of them ran on the source: all of them are disabled now. */
export function eventNotes(programs: readonly ProgramEntry[]): string[] {
  const enabled = programs.filter(
    ({ kind, create }) => kind === 'event' && disabledEvent(create) !== create,
  )
  if (enabled.length === 0) return []
  const statements = enabled.map(
    ({ schema, name }) => `ALTER EVENT ${quoteQualified(schema, name)} ENABLE`,
  )
  return [
    `events come back disabled; of those that were enabled when the snapshot was made, enable what is to run here: ${statements.join('; ')}`,
  ]
}
