import { quoteString } from '../quote.ts'

/**
 * What a STORED generated column may read of the session that writes its row. Rows are loaded without these values,
 * so the server computes them anew: under the source's settings, which its sessions most likely had.
 */
export const COMPUTING_SETTINGS = [
  'block_encryption_mode',
  'default_regex_flags',
  'default_week_format',
  'div_precision_increment',
  'lc_time_names',
  'max_points_in_geometry',
] as const

/** Of a source's settings: as statements, each of which a server may refuse that does not know the value. */
export function computingStatements(source: Readonly<Record<string, string>>): string[] {
  return COMPUTING_SETTINGS.flatMap(name => {
    const value = source[name]
    if (value === undefined) return []
    return [`SET SESSION ${name} = ${/^\d+$/.test(value) ? value : quoteString(value)}`]
  })
}
