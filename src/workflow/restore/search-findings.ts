import { countOf } from '#core/units'
import type { Manifest } from '#domain/backup/manifest'
import { otherSearch } from '#domain/binlog/unlogged'
import type { RestoreTarget } from '#engine/logical-writer'

/**
 * A full-text index is built here, of the words that this server takes: others are found by it than on the source. InnoDB has
 * settings of its own for it; one with the parser ngram asks for the length of its pieces alone, and for stopwords.
 */
export function searchFindings(
  { settings: here }: Pick<RestoreTarget, 'settings'>,
  { settings: source, tables }: Pick<Manifest, 'settings' | 'tables'>,
  isWanted: (schema: string) => boolean,
): string[] {
  const found = tables.flatMap(({ schema, name, create, storageEngine }) => {
    const keys = isWanted(schema) ? (create.match(/\n {2}FULLTEXT KEY .*/g) ?? []) : []
    const isInnodb = storageEngine.toLowerCase() === 'innodb'
    return keys.map(key => ({
      table: `${schema}.${name}`,
      kind: isInnodb ? (key.includes('WITH PARSER `ngram`') ? 'ngram' : 'innodb') : 'ft',
    }))
  })
  const kinds = new Set(found.map(({ kind }) => kind))
  const isRead = (name: string): boolean =>
    [...kinds].some(kind =>
      kind === 'ngram'
        ? name === 'ngram_token_size' || name.includes('stopword')
        : name.startsWith(`${kind}_`),
    )
  const read = Object.entries(source).filter(([name]) => isRead(name))
  const others = read.length > 0 ? otherSearch(Object.fromEntries(read), here) : null
  if (others === null) return []
  const names = [...new Set(found.map(({ table }) => table))]
  const more = names.length - 5
  return [
    `full-text indexes of ${countOf(names.length, 'table')} are built with this server's settings, and find other rows than on the source, where ${others}: ${names.slice(0, 5).join(', ')}${more > 0 ? ` and ${more} more` : ''}; set them as they were, and build the indexes anew (of InnoDB ALTER TABLE … DROP KEY and ADD FULLTEXT KEY, of others REPAIR TABLE … QUICK)`,
  ]
}
