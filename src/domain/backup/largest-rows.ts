import type { Manifest, TableEntry } from './manifest.ts'

const MIB = 1024 * 1024

/** max_allowed_packet for a statement of so many bytes: the server wants more than that. */
export function packetFor(bytes: number): number {
  return (Math.floor(bytes / MIB) + 1) * MIB
}

/**
 * Tables that have a row which is larger than the limit for certain, with the bytes that it has at least: a
 * snapshot knows the rows and bytes of its pieces, and not of each row.
 */
export function tablesWithLargeRows(
  { tables }: Pick<Manifest, 'tables'>,
  isWanted: (schema: string) => boolean,
  limitBytes: number,
): { table: TableEntry; bytes: number }[] {
  return tables
    .filter(({ schema }) => isWanted(schema))
    .map(table => {
      const pieces = table.chunks.flatMap(chunk => chunk.pieces).filter(({ rows }) => rows > 0)
      const mean = pieces.map(({ rows, bytes }) => Math.ceil(bytes / rows))
      return { table, bytes: mean.reduce((most, one) => Math.max(most, one), 0) }
    })
    .filter(({ bytes }) => bytes > limitBytes)
}
