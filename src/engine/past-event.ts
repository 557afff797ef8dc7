import type { ProgramEntry } from '#domain/backup/manifest'

/**
 * A time, in seconds since 1970, before every event: for SET timestamp, when one is made.
 *
 * An event that ends is dropped at its end, ON COMPLETION NOT PRESERVE; and one whose end has
 * passed is dropped as soon as it is made, with a note only (1588, both engines). A snapshot
 * that is older than that end has the event, and brings it back, disabled.
 */
export const BEFORE_EVENTS = 1

export function isDroppedWhenOver({ kind, create }: ProgramEntry): boolean {
  return kind === 'event' && /\bON COMPLETION NOT PRESERVE\b/i.test(create)
}
