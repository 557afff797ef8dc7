import { formatCount } from '#core/units'
import type { Manifest } from '#domain/backup/manifest'
import { programsInOtherLetters } from '#domain/backup/other-letters'
import type { RestoreTarget } from '#engine/logical-writer'

/** A server that heeds the letters of names, and programs of one that did not. */
export function letterFindings(
  target: Pick<RestoreTarget, 'settings'>,
  manifest: Pick<Manifest, 'settings' | 'databases' | 'tables' | 'programs'>,
  isWanted: (schema: string) => boolean,
): string[] {
  const [was, is] = [manifest.settings, target.settings].map(all => all['lower_case_table_names'])
  if (was === undefined || was === '0' || is !== '0') return []
  const programs = programsInOtherLetters(manifest, isWanted)
  if (programs.length === 0) return []
  const more = programs.length - 5
  return [
    `lower_case_table_names was ${was} on the source and is 0 here, where names in other letters are of other tables: ${formatCount(programs.length)} programs name tables or databases so, and fail when they run: ${programs.slice(0, 5).join(', ')}${more > 0 ? ` and ${formatCount(more)} more` : ''}; restore into a server with lower_case_table_names = 1, or make them anew`,
  ]
}
