import { expression, literal } from './expressions.ts'
import { type Column, type Known, oneOf, type Ways } from './known.ts'

/**
 * A statement that changes rows, or calls what does.
 *
 * @param temporary the temporary tables of the session
 */
export function change(known: Known, temporary: readonly string[] = []): string {
  const { random } = known
  const isOfSession = temporary.length > 0 && random.chance(0.3)
  const table = isOfSession ? random.pick(temporary) : known.table()
  const columns = known.writable(table)
  if (columns.length === 0) return `INSERT INTO ${table} () VALUES ()`
  const target = { table, columns }
  return oneOf(known, known.pick(inserts, inserts, updates, updates, deletes, calls)(known, target))
}

interface Target {
  table: string
  columns: readonly Column[]
}

function inserts(known: Known, target: Target): Ways {
  const { table, columns } = target
  const shared: Ways = [
    () => insert(known, target, 'INSERT'),
    () => insert(known, target, 'INSERT'),
    () => insert(known, target, known.pick('INSERT IGNORE', 'REPLACE')),
    () => {
      const { name } = known.random.pick(columns)
      return `${insert(known, target, 'INSERT')} ON DUPLICATE KEY UPDATE \`${name}\` = ${expression(known)}`
    },
    () => insertSelected(known, target),
    () => insertSelected(known, target),
    () => loadData(known, target),
  ]
  if (known.isMysql) return shared
  return [
    ...shared,
    () => `${insert(known, target, 'INSERT')} RETURNING *`,
    () => `SET STATEMENT ${known.random.pick(FOR_ONE)} FOR ${insert(known, target, 'INSERT')}`,
    () => `DELETE HISTORY FROM ${table}`,
    // Without SETVAL, which is not in the log with row image MINIMAL: known.
    () => 'SELECT NEXTVAL(sq)',
  ]
}

const FOR_ONE = [
  ...["sql_mode = ''", "time_zone = '+09:00'", 'group_concat_max_len = 6'],
  ...['div_precision_increment = 9', "lc_time_names = 'it_IT'"],
]

function chosen(known: Known, columns: readonly Column[]): readonly Column[] {
  const some = columns.filter(({ isPrimary }) => known.random.chance(isPrimary ? 0.25 : 0.75))
  return some.length > 0 ? some : columns.slice(0, 1)
}

const names = (columns: readonly Column[]): string =>
  columns.map(({ name }) => `\`${name}\``).join(', ')

function insert(known: Known, { table, columns }: Target, verb: string): string {
  const { random } = known
  const some = chosen(known, columns)
  const value = ({ type }: Column): string =>
    random.chance(0.05) ? 'DEFAULT' : expression(known, type)
  const rows = Array.from({ length: random.between(1, 4) }, () => `(${some.map(value).join(', ')})`)
  return `${verb} INTO ${table} (${names(some)}) VALUES ${rows.join(', ')}`
}

function insertSelected(known: Known, { table, columns }: Target): string {
  const { random } = known
  const some = chosen(known, columns)
  const from = random.chance(0.4) ? 'nums' : known.table()
  const read = from === 'nums' ? undefined : from
  const values = some.map(({ type }) => expression(known, type, read)).join(', ')
  const which = read ? where(known, read) : `n < ${random.between(1, 6)}`
  const ignore = random.chance(0.1) ? 'IGNORE ' : ''
  return `INSERT ${ignore}INTO ${table} (${names(some)}) SELECT ${values} FROM ${from} WHERE ${which}`
}

function loadData(known: Known, { table, columns }: Target): string {
  const { random } = known
  const duplicates = known.pick('', 'IGNORE ', 'REPLACE ')
  const set = known.pick('', 'CHARACTER SET latin1 ', 'CHARACTER SET utf8mb4 ')
  const made = random.chance(0.4) ? ` SET \`${random.pick(columns).name}\` = UPPER(@b)` : ''
  return `LOAD DATA INFILE '{file}' ${duplicates}INTO TABLE ${table} ${set}(\`${random.pick(columns).name}\`, @b)${made}`
}

function where(known: Known, table: string): string {
  const { name, type } = known.column(table)
  return oneOf(known, [
    () => `\`${name}\` ${known.pick('=', '<', '>', '<>', '<=>')} ${expression(known, type)}`,
    () => `\`${name}\` LIKE '%a%'`,
    () => `\`${name}\` IS ${known.pick('', 'NOT ')}NULL`,
    () => '1',
    () => `\`${name}\` REGEXP 'a|1'`,
  ])
}

function updates(known: Known, { table, columns }: Target): Ways {
  const { random } = known
  const set = (): string => {
    const { name, type } = random.pick(columns)
    return `SET \`${name}\` = ${expression(known, type, table)}`
  }
  const ignore = (): string => (random.chance(0.05) ? 'IGNORE ' : '')
  return [
    () => `UPDATE ${ignore()}${table} ${set()} WHERE ${where(known, table)}`,
    () => `UPDATE ${ignore()}${table} ${set()} WHERE ${where(known, table)}`,
    () => `UPDATE ${table} ${set()} ORDER BY 1 LIMIT ${random.between(1, 3)}`,
    () => {
      const { name, type } = random.pick(columns)
      const column = `${table}.\`${name}\``
      return `UPDATE ${table}, nums SET ${column} = ${literal(known, type)} WHERE ${column} = nums.n`
    },
  ]
}

function deletes(known: Known, { table, columns }: Target): Ways {
  const column = (): string => `\`${known.random.pick(columns).name}\``
  return [
    () => `DELETE FROM ${table} WHERE ${where(known, table)}`,
    () => `DELETE ${table} FROM ${table}, nums WHERE ${table}.${column()} = nums.n`,
    () => `DELETE FROM ${table} ORDER BY ${column()} LIMIT 1`,
    () => `TRUNCATE TABLE ${table}`,
  ]
}

const calls = (known: Known): Ways => [
  () => `CALL p1(${known.random.between(1, 9)}, ${literal(known)})`,
  () => 'CALL p2()',
  () => `CALL p3(${literal(known, 'text')})`,
  () => `${known.pick('SELECT', 'DO')} f4(${known.random.between(1, 5)})`,
]
