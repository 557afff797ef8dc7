import { quoteString } from '../../quote.ts'
import { WITHOUT_LIMITS } from '../without-limits.ts'

/** What statements of a log read, and no event of it says: the source's own values are taken. */
export const REPLAYED_SETTINGS = [
  'default_storage_engine',
  'default_week_format',
  'div_precision_increment',
]

/**
 * What a replaying session begins with: nothing of what its server gives to every session, but the time
 * zone, which the log has where a statement reads it; and of the source what the log has not.
 *
 * @param source global variables of the source, as far as the snapshot has them
 */
export function replaySettings(source: Readonly<Record<string, string>>): string {
  const own = REPLAYED_SETTINGS.flatMap(name => {
    const value = source[name]
    if (value === undefined) return []
    return [`${name} = ${/^\d+$/.test(value) ? value : quoteString(value)}`]
  })
  return `SET ${[WITHOUT_LIMITS, 'time_zone = @@GLOBAL.time_zone', ...own].join(', ')}`
}
