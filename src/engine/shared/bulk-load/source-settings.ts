import type { Manifest } from '#domain/backup/manifest'
import type { ProgramContext } from '#domain/backup/restore-plan'
import type { RestoreTarget } from '../../logical-writer.ts'

/** Settings that change what names and text mean. */
const TELLING_SETTINGS = [
  'lower_case_table_names',
  'character_set_server',
  'collation_server',
  'max_allowed_packet',
]

/** What the source had otherwise, in words. */
export function settingNotes(manifest: Manifest, target: RestoreTarget): string[] {
  return TELLING_SETTINGS.flatMap(name => {
    const [was, is] = [manifest.settings[name], target.settings[name]]
    return was !== undefined && is !== undefined && was !== is
      ? [`${name} was ${was} on the source and is ${is} here`]
      : []
  })
}

/**
 * Which collation a character set has where a program names none (`b TEXT CHARSET utf8mb4`), and what a
 * server has that does not say so.
 */
export const DEFAULT_COLLATION: Readonly<
  Record<Manifest['engine'], { name: string; none: string }>
> = {
  // Manual, "Server System Variables": since 8.0.11.
  mysql: { name: 'default_collation_for_utf8mb4', none: 'utf8mb4_0900_ai_ci' },
  // Since 11.2; none before.
  mariadb: { name: 'character_set_collations', none: '' },
}

/**
 * Asked for a routine that was made under another one, with that.
 * @returns undefined where the target has it, or no such setting
 */
export function defaultCollation(
  { engine, settings }: Pick<Manifest, 'engine' | 'settings'>,
  target: Pick<RestoreTarget, 'settings'>,
): (own?: string) => ProgramContext['defaultCollation'] {
  const { name, none } = DEFAULT_COLLATION[engine]
  const is = target.settings[name]
  return own => {
    const was = own ?? settings[name] ?? none
    return is === undefined || is === was ? undefined : { name, value: was }
  }
}
