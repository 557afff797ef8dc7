import type { EngineFamily } from '#domain/engine-family'
import { oddName, quoted } from './odd-names.ts'
import type { ProgramWish } from './schema-arbitrary.ts'

/** Statements for what few servers have, each found lost or refused once. */
export function rareStatements(
  { kind, name: flavour, mode }: ProgramWish,
  place: number,
  family: EngineFamily,
): string[] {
  const name = quoted(oddName(`r${place}`, flavour))
  const chosen = [...SHARED, ...(family === 'mysql' ? MYSQL : MARIADB)]
  const statements = chosen[kind % chosen.length]?.(name, mode) ?? []
  return [...statements, "SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'"]
}

type Rare = (name: string, number: number) => string[]

const SHARED: readonly Rare[] = [
  (name, number) => [
    `CREATE TABLE ${name} (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, t TEXT) ENGINE=ARCHIVE AUTO_INCREMENT=${number + 1}`,
    ...(number % 2 ? [`INSERT INTO ${name} (t) VALUES ('a'), ('é'), (NULL)`] : []),
  ],
]

const MYSQL: readonly Rare[] = [
  (name, number) => [
    `SET sql_mode = '${number % 2 ? 'NO_BACKSLASH_ESCAPES' : 'PIPES_AS_CONCAT'}'`,
    `CREATE LIBRARY ${name} COMMENT 'a\\b''é' LANGUAGE JAVASCRIPT AS $$ export function one() { return '🐻\n' } $$`,
    `CREATE FUNCTION ${quoted('of library')}() RETURNS INT DETERMINISTIC LANGUAGE JAVASCRIPT USING (${name} AS l) AS $$ return l.one() $$`,
  ],
  name => [
    `CREATE TABLE ${name} (id INT PRIMARY KEY, n INT, t VARCHAR(20), b VARBINARY(9), e ENUM('a', 'b'))`,
    `INSERT INTO ${name} VALUES (1, 2, 'it''s é\\\\', x'ff005c', 'b'), (2, NULL, NULL, NULL, NULL)`,
    `ANALYZE TABLE ${name} UPDATE HISTOGRAM ON n, t, b, e WITH 2 BUCKETS`,
  ],
  name => [`CREATE LIBRARY ${name} LANGUAGE WASM AS x'0061736d00ff'`],
]

const MARIADB: readonly Rare[] = [
  (name, number) => [
    "SET sql_mode = 'IGNORE_BAD_TABLE_OPTIONS'",
    `CREATE TABLE ${name} (id INT PRIMARY KEY past='it''s \\\\', n INT, KEY n (n) lost=${number}) gone='é'`,
  ],
  (name, number) => [
    `SET histogram_type = '${number % 2 ? 'JSON_HB' : 'SINGLE_PREC_HB'}'`,
    `CREATE TABLE ${name} (id INT PRIMARY KEY, n INT, t VARCHAR(20), b VARBINARY(9), KEY (n, t))`,
    `INSERT INTO ${name} VALUES (1, 2, 'it''s é\\\\', x'ff005c'), (2, NULL, NULL, NULL)`,
    `ANALYZE TABLE ${name} PERSISTENT FOR ALL`,
  ],
]
