import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * Recipients that `ecomdb key rotate` has replaced, perhaps for they were stolen, and that are in use again: a
 * configuration of before the rotation was brought back. keys/recipients.txt, which a rotation changes too, tells.
 *
 * @param file the configuration
 */
export function replacedRecipients(file: string | null, recipients: readonly string[]): string[] {
  if (file === null) return []
  const replaced = new Set(linesOf(join(dirname(file), 'keys', 'recipients.txt')).flatMap(named))
  return recipients.filter(one => replaced.has(one))
}

const named = (line: string): string[] => /^\s*# replaced: (age1\S+)/.exec(line)?.slice(1) ?? []

/** Of a host that has no such file, or may not read it, nothing can be said. */
function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n')
  } catch {
    return []
  }
}

export const REPLACED =
  'is a recipient that `ecomdb key rotate` has replaced (keys/recipients.txt): who has that key opens the backups'
