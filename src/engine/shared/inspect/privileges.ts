import { matchesSchema } from '#domain/schema/schema-pattern'

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

const REVOKE = /^REVOKE (.+?) ON (`(?:[^`]|``)*`)\.\* FROM /

/** MySQL's partial revokes: privileges on everything that do not hold on these schemas. */
export function partialRevokes(
  grants: readonly string[],
): { database: string; privileges: Set<string> }[] {
  return grants.flatMap(grant => {
    const [, list, name] = REVOKE.exec(grant) ?? []
    if (!list || !name) return []
    const privileges = new Set(list.split(',').map(one => one.trim().toUpperCase()))
    return [{ database: name.slice(1, -1).replaceAll('``', '`'), privileges }]
  })
}

function covers(level: string, database: string): boolean {
  return matchesSchema(level.slice(1, -3).replaceAll('``', '`'), database)
}
