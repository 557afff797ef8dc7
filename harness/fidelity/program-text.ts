import type { EngineFamily } from '#domain/engine-family'
import { oddName, quoted } from './odd-names.ts'
import type { ProgramWish } from './schema-arbitrary.ts'
import type { MadeTable } from './table-text.ts'

const MODES = [
  '',
  'ANSI_QUOTES',
  'NO_BACKSLASH_ESCAPES',
  'PIPES_AS_CONCAT,STRICT_ALL_TABLES',
  'NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO',
  'ANSI',
  'NO_UNSIGNED_SUBTRACTION',
] as const

const CONTEXTS = [
  'SET NAMES utf8mb4',
  'SET NAMES latin1',
  'SET NAMES utf8mb4 COLLATE utf8mb4_bin',
  'SET NAMES utf8mb4 COLLATE utf8mb4_unicode_ci',
  'SET NAMES cp1251',
] as const

/** Statements that make a program, and those that bring the session back. */
export function programStatements(
  wish: ProgramWish,
  place: number,
  tables: readonly MadeTable[],
  family: EngineFamily,
): string[] {
  const table = tables[wish.table % tables.length]
  if (!table) return []
  const text = textOf(wish, place, table, family)
  const mode = MODES[wish.mode % MODES.length] ?? ''
  const context = CONTEXTS[wish.context % CONTEXTS.length] ?? ''
  // A text in another character set is sent in it; ASCII is the same in all of them.
  const ascii = /^[\x20-\x7e\n]*$/.test(text)
  return madeIn(ascii ? context : CONTEXTS[0], mode, text)
}

/** A program's statement in a session of these settings, and what brings the session back. */
function madeIn(names: string, mode: string, text: string): string[] {
  return [
    names,
    `SET sql_mode = '${mode}'`,
    mode.startsWith('ANSI') ? inDoubleQuotes(text) : text,
    "SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
    CONTEXTS[0],
  ]
}

/** Sets that a client may send, each with letters that it has. */
const OTHER_CLIENTS = [
  ['latin1', 'é'],
  ['cp1251', 'ж'],
  ['sjis', 'あ＼能'],
  ['gbk', '表é'],
  ['big5', '中'],
  ['cp932', '能＼'],
  ['latin2', 'ő'],
] as const

/** As programStatements, with the client's letters in all that the server keeps of a program. */
export function otherClientStatements(
  wish: ProgramWish,
  place: number,
  tables: readonly MadeTable[],
  family: EngineFamily,
): string[] {
  const table = tables[wish.table % tables.length]
  const [set = 'latin1', letters = ''] = OTHER_CLIENTS[wish.context % OTHER_CLIENTS.length] ?? []
  if (!table) return []
  const name = quoted(oddName(`q${place}${letters}`, wish.name))
  const mode = MODES[wish.mode % MODES.length] ?? ''
  const create = `CREATE DEFINER = \`d${letters}\`@\`localhost\``
  // inDoubleQuotes leaves a text with a backslash as it is.
  const line = mode.startsWith('ANSI') ? '' : '\\n'
  const texts = [
    `${create} EVENT ${name} ON SCHEDULE EVERY 1 DAY STARTS '2031-01-01 00:00:00' DISABLE COMMENT 'it''s ${letters}' DO SET @a = '${letters}${line}'`,
    `${create} FUNCTION ${name}(\`a${letters}\` INT) RETURNS ENUM('${letters}', 'b') DETERMINISTIC COMMENT '${letters}' RETURN '${letters}'`,
    `${create} PROCEDURE ${name}(\`a${letters}\` INT) COMMENT '${letters}' BEGIN SELECT '${letters}${line}', \`a${letters}\`; END`,
    // MariaDB cannot read a trigger of a set in which a letter takes the backtick behind it.
    ...(family === 'mysql' || ['latin1', 'cp1251', 'latin2'].includes(set)
      ? [
          `${create} TRIGGER ${name} BEFORE UPDATE ON ${quoted(table.name)} FOR EACH ROW SET @a = '${letters}'`,
        ]
      : []),
  ]
  const text = texts[wish.kind % texts.length] ?? ''
  return madeIn(`SET NAMES ${set}`, mode, text)
}

/** Identifiers as ANSI_QUOTES has them; only where that is safe. */
function inDoubleQuotes(text: string): string {
  return /["\\]/.test(text) ? text : text.replaceAll(/`([^`]*)`(?!`)/g, '"$1"')
}

function textOf(
  { kind, name: flavour }: ProgramWish,
  place: number,
  table: MadeTable,
  family: EngineFamily,
): string {
  const name = quoted(oddName(`p${place}`, flavour))
  const from = quoted(table.name)
  const column = quoted(table.columns[kind % table.columns.length] ?? 'id')
  const texts = [
    `CREATE VIEW ${name} AS SELECT * FROM ${from}`,
    `CREATE VIEW ${name} AS SELECT ${column} AS ${quoted(oddName('a', flavour + 3))}, COUNT(*) AS n FROM ${from} GROUP BY 1`,
    `CREATE ALGORITHM=MERGE SQL SECURITY INVOKER VIEW ${name} AS SELECT ${column} AS c FROM ${from} WHERE ${column} IS NOT NULL WITH CASCADED CHECK OPTION`,
    `CREATE ALGORITHM=TEMPTABLE VIEW ${name} AS SELECT a.${column} AS c, 'it''s é' AS t FROM ${from} a JOIN ${from} b ON a.${column} <=> b.${column}`,
    `CREATE VIEW ${name} AS WITH x (n) AS (SELECT 1 UNION ALL SELECT COUNT(*) FROM ${from}) SELECT n, CAST(n AS CHAR) AS c FROM x`,
    `CREATE FUNCTION ${name}(n INT, t VARCHAR(20)) RETURNS VARCHAR(50) DETERMINISTIC COMMENT 'a ''comment''' RETURN CONCAT(n, t, 'x') /* ; $$ */`,
    `CREATE FUNCTION ${name}() RETURNS INT READS SQL DATA SQL SECURITY INVOKER BEGIN DECLARE n INT; SELECT COUNT(*) INTO n FROM ${from}; RETURN n; END`,
    `CREATE PROCEDURE ${name}(IN a INT, OUT b TEXT, INOUT c DECIMAL(9,2)) MODIFIES SQL DATA\nBEGIN\n  -- a comment; with a semicolon\n  SET b = 'grüß 🐻 \\\\'; # another\nEND`,
    `CREATE PROCEDURE ${name}() SELECT ${column} FROM ${from} LIMIT 1`,
    `CREATE TRIGGER ${name} BEFORE UPDATE ON ${from} FOR EACH ROW SET @seen = 1`,
    `CREATE TRIGGER ${name} AFTER DELETE ON ${from} FOR EACH ROW BEGIN SET @gone = 'é;'; END`,
    `CREATE TRIGGER ${name} BEFORE UPDATE ON ${from} FOR EACH ROW SET @seen = 2`,
    `CREATE EVENT ${name} ON SCHEDULE EVERY 2 HOUR STARTS '2031-01-01 00:00:00' ENDS '2032-02-02 02:02:02' ON COMPLETION PRESERVE ENABLE COMMENT 'ENABLE DO' DO DELETE FROM ${from} LIMIT 0`,
    `CREATE EVENT ${name} ON SCHEDULE AT '2035-05-05 05:05:05' DISABLE DO SET @a = 'é'`,
    ...(family === 'mariadb'
      ? [
          `CREATE SEQUENCE ${name} START WITH 7 INCREMENT BY -3 MINVALUE -1000 MAXVALUE 7 CACHE 5 CYCLE`,
          `CREATE SEQUENCE ${name} START WITH 9223372036854775000 NOCACHE`,
          `CREATE AGGREGATE FUNCTION ${name}(x INT) RETURNS INT BEGIN DECLARE s INT DEFAULT 0; DECLARE CONTINUE HANDLER FOR NOT FOUND RETURN s; LOOP FETCH GROUP NEXT ROW; SET s = s + x; END LOOP; END`,
        ]
      : []),
  ]
  return texts[kind % texts.length] ?? ''
}
