/** In GRANT a schema's name is a pattern: _ and % match, \_ and \% are themselves. */
export function matchesSchema(pattern: string, schema: string): boolean {
  const source = [...pattern.matchAll(/\\([_%])|([_%])|(.)/gsu)]
    .map(([, escaped, wildcard, plain]) =>
      wildcard ? (wildcard === '_' ? '.' : '.*') : literal(escaped ?? plain ?? ''),
    )
    .join('')
  return new RegExp(`^${source}$`, 'su').test(schema)
}

function literal(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&')
}
