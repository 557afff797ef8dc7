import type { EngineFamily } from '#domain/engine-family'
import { oddName, quoted } from './odd-names.ts'
import type { CheckWish } from './schema-arbitrary.ts'
import type { MadeTable } from './table-text.ts'

/** Conditions that most rows meet, whose literals a server may print in another character set than it was told. */
const CONDITIONS: readonly ((column: string) => string)[] = [
  column => `${column} <> 'zx'`,
  column => `${column} <> 'é'`,
  column => `${column} <> _utf8mb4'zx'`,
  column => `${column} <> _utf8mb4 x'C3A9F09F90BB'`,
  column => `${column} <> _latin1'zx'`,
  column => `${column} <> _latin1 x'E97A'`,
  column => `${column} <> N'zx'`,
  column => `${column} <> _binary'zx'`,
  column => `${column} <> _utf16 x'007A0078'`,
  column => `${column} NOT IN ('zx', _latin1'zy', 'zé')`,
  column => `${column} NOT BETWEEN 'zzx' AND _utf8mb4'zzy'`,
  column => `${column} NOT LIKE 'zx\\_%' ESCAPE '|'`,
  column => `COALESCE(${column}, 'zx') <> _latin1'zy'`,
  column => `CONCAT(${column}, _utf8mb4'zx', 'é') <> 'zy'`,
  column => `CASE ${column} WHEN 'zx' THEN FALSE ELSE ${column} <> _utf8mb4'zy' END`,
  column => `${column} <> 'zx' COLLATE utf8mb4_bin`,
  column => `${column} <> CONVERT('zx' USING latin1)`,
  column => `CHAR_LENGTH(${column}) < 5000 OR ${column} = '''"\\\\'`,
  column => `${column} IS NULL OR ${column} + 0 BETWEEN -1e300 AND '1e300'`,
  column => `JSON_VALID(${column}) OR ${column} <> 'zx'`,
  column => `FIELD(${column}, 'zx', _latin1'zy') = 0`,
  column => `${column} <> DATE'2031-01-01'`,
]

/** One CHECK more, of a text client of one of three character sets; refused where the column's own cannot be compared so. */
export function checkStatements(
  { table, column, kind }: CheckWish,
  place: number,
  tables: readonly MadeTable[],
  family: EngineFamily,
): string[] {
  // MariaDB 10.11 takes _utf16 x'007A' for the text x00z, itself, and makes no table of what it shows (measured). Of
  // CONVERT('zx' USING latin1) it shows convert(convert('zx' using latin1) using utf8mb4), which beside a column of
  // utf8mb4_unicode_520_ci it refuses, in a CREATE TABLE … LIKE and an ALTER TABLE of the same table, too (1267, measured).
  const conditions =
    family === 'mariadb' ? CONDITIONS.filter(one => !/_utf16|CONVERT/.test(one('c'))) : CONDITIONS
  const made = tables[table % tables.length] as MadeTable
  const of = quoted(made.columns[column % made.columns.length] ?? '')
  const condition = conditions[kind % conditions.length]?.(of) ?? ''
  return [
    `SET NAMES ${['utf8mb4', 'latin1', 'utf8mb4 COLLATE utf8mb4_bin'][kind % 3]}`,
    `ALTER TABLE ${quoted(made.name)} ADD CONSTRAINT ${quoted(oddName(`cc${place}`, kind))} CHECK (${condition})`,
    'SET NAMES utf8mb4',
  ]
}
