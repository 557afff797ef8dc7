import type { Known } from './known.ts'

const NUMBERS = [
  ...['TINYINT', 'SMALLINT UNSIGNED', 'INT', 'BIGINT', 'BIGINT UNSIGNED', 'DECIMAL(20,6)'],
  ...['DECIMAL(5,1)', 'FLOAT', 'DOUBLE', 'BIT(12)', 'YEAR', 'INT ZEROFILL'],
]
const TEXTS = [
  ...['CHAR(10)', 'VARCHAR(30)', 'VARCHAR(300)', 'TEXT', 'TINYTEXT'],
  ...["ENUM('a','b','é','')", "SET('x','y','z')"],
]
const BYTES = ['BINARY(6)', 'VARBINARY(40)', 'BLOB']
const TIMES = [
  ...['DATE', 'DATETIME', 'DATETIME(6)', 'TIMESTAMP NULL', 'TIMESTAMP(3) NULL', 'TIMESTAMP'],
  ...['TIME(2)', 'TIME'],
]

const COLLATIONS: Readonly<Record<string, readonly string[]>> = {
  utf8mb4: ['utf8mb4_bin', 'utf8mb4_general_ci', 'utf8mb4_unicode_ci'],
  latin1: ['latin1_swedish_ci', 'latin1_bin', 'latin1_german1_ci'],
  utf8mb3: ['utf8mb3_general_ci', 'utf8mb3_bin'],
  ucs2: ['ucs2_bin'],
  sjis: ['sjis_japanese_ci'],
  gbk: ['gbk_chinese_ci', 'gbk_bin'],
  cp1251: ['cp1251_general_ci'],
  ascii: ['ascii_general_ci'],
}

export const characterSet = (known: Known): string => known.random.pick(Object.keys(COLLATIONS))

export const collationOf = (known: Known, set: string): string =>
  known.random.pick(COLLATIONS[set] ?? ['utf8mb4_bin'])

/** "latin1", or "latin1 COLLATE latin1_bin" with the word for the collation that is wanted. */
export function characterSetMaybeCollated(known: Known, collate: string): string {
  const set = characterSet(known)
  return known.random.chance(0.5) ? `${set} ${collate}${collationOf(known, set)}` : set
}

function columnType(known: Known): string {
  const { random } = known
  const type = random.pick(known.pick(NUMBERS, TEXTS, TEXTS, BYTES, TIMES))
  if (TEXTS.includes(type) && random.chance(0.5)) {
    return `${type} CHARACTER SET ${characterSetMaybeCollated(known, 'COLLATE ')}`
  }
  if (random.chance(0.04)) return 'JSON'
  if (random.chance(0.02)) return 'GEOMETRY'
  if (!known.isMysql && random.chance(0.05)) return known.pick('UUID', 'INET6', 'INET4')
  return type
}

/** "`c0` INT NOT NULL DEFAULT 5" */
export function columnText(known: Known, name: string): string {
  const { random } = known
  const type = columnType(known)
  const parts = [`\`${name}\` ${type}`]
  if (random.chance(0.15)) parts.push('NOT NULL')
  if (random.chance(0.2)) parts.push(defaultOf(known, type))
  else if (random.chance(0.1) && type.includes('CHAR(')) {
    const computed = ['UUID()', "CONCAT('x', RAND())", 'CURRENT_USER()', 'NOW()']
    parts.push(`DEFAULT (${random.pick([...computed, "DAYNAME('2024-01-01')"])})`)
  }
  if (random.chance(0.05)) parts.push(`COMMENT 'é ${random.between(1, 9)}'`)
  return parts.filter(part => part !== '').join(' ')
}

function defaultOf(known: Known, type: string): string {
  if (/TEXT|BLOB|JSON|GEOM|BIT|ENUM|SET|INET|UUID/.test(type)) return ''
  if (/^(DATETIME|TIMESTAMP)(?!\()/.test(type)) {
    const now = 'DEFAULT CURRENT_TIMESTAMP'
    return known.pick(now, `${now} ON UPDATE CURRENT_TIMESTAMP`, "DEFAULT '2024-01-01 00:00:00'")
  }
  return /TIME|DATE|YEAR/.test(type) ? '' : `DEFAULT ${known.pick('5', "'7'", '(1 + 1)')}`
}
