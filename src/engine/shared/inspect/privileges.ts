const GRANT = /^GRANT (.+?) ON (?:TABLE )?(\*\.\*|`(?:[^`]|``)*`\.\*) TO /

/**
 * The privileges on everything and on one schema, from the lines of SHOW GRANTS. Grants on
 * single tables, columns and procedures are left out.
 */
export function privilegesIn(
  grants: readonly string[],
  database: string,
): { server: Set<string>; database: Set<string> } {
  const found = { server: new Set<string>(), database: new Set<string>() }
  for (const grant of grants) {
    const [, list, level] = GRANT.exec(grant) ?? []
    if (!list || !level) continue
    const held = level === '*.*' ? found.server : covers(level, database) ? found.database : null
    for (const privilege of list.split(',')) held?.add(privilege.trim().toUpperCase())
  }
  return found
}

/** In GRANT a schema's name is a pattern: _ and % match, \_ and \% are themselves. */
function covers(level: string, database: string): boolean {
  const pattern = level.slice(1, -3).replaceAll('``', '`')
  const source = [...pattern.matchAll(/\\([_%])|([_%])|(.)/gsu)]
    .map(([, escaped, wildcard, plain]) =>
      wildcard ? (wildcard === '_' ? '.' : '.*') : literal(escaped ?? plain ?? ''),
    )
    .join('')
  return new RegExp(`^${source}$`, 'su').test(database)
}

function literal(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&')
}
