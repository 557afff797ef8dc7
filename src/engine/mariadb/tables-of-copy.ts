import { EcomdbError } from '#core/errors'
import type { FilePart } from '../physical-backup.ts'

/** Of a table's definition: it begins with FE 01, and its fourth byte is the engine (MariaDB's legacy_db_type). */
const FILES_OF_ENGINE: ReadonlyMap<number, readonly string[]> = new Map([
  [9, ['.MYI', '.MYD']],
  [42, ['.MAI', '.MAD']],
])

/**
 * What the definitions in a copy of mariadb-backup say that there has to be. It copies Aria and MyISAM tables before it
 * keeps DDL away, and forgets one that is made another engine's and back in between, or dropped and made again: its
 * definition comes, its files do not, and the program ends with status 0 (10.11, measured).
 */
export class TablesOfCopy {
  /** `bank/t` → the ends of its files. */
  readonly #ends = new Map<string, readonly string[]>()

  /** A part of the stream, while its bytes are there. */
  see(part: FilePart): void {
    const [, table] = /^(.+)\.frm$/.exec(part.path) ?? []
    if (table === undefined || part.kind === 'end') return
    if (part.kind === 'gone') this.#ends.delete(table)
    else if (part.offset === 0) this.#ends.set(table, filesIn(part.bytes))
  }

  /**
   * @param paths of the copy
   * @throws EcomdbError NOT_CONSISTENT with the tables whose files are not among them
   */
  requireFiles(paths: ReadonlySet<string>): void {
    const missing = [...this.#ends].flatMap(([table, ends]) =>
      ends.map(end => `${table}${end}`).filter(path => !paths.has(path)),
    )
    if (missing.length === 0) return
    throw new EcomdbError('NOT_CONSISTENT', {
      what: 'mariadb-backup has left out files of tables that are there',
      why: `${missing.slice(0, 10).join(', ')}${missing.length > 10 ? ` and ${missing.length - 10} more` : ''}: it forgets an Aria or MyISAM table that is altered to another engine and back, or dropped and made again, while it copies`,
      hints: [
        'run it again when no such statement runs; nothing was published',
        'where none did, a table of the server has lost its files: CHECK TABLE tells',
      ],
    })
  }
}

function filesIn(definition: Buffer): readonly string[] {
  if (definition[0] !== 0xfe || definition[1] !== 0x01) return []
  return FILES_OF_ENGINE.get(definition[3] ?? 0) ?? []
}
