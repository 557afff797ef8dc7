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
  // Literals that name a character set, in views of clients of another.
  (name, number) => [
    `SET NAMES ${['utf8mb4', 'latin1', 'cp1251', 'utf8mb3'][number % 4]}`,
    `CREATE VIEW ${name} AS SELECT _latin1 x'E92700' AS a, _gbk x'B15C' AS b, _utf16 x'00E9005C' AS c, _binary x'FF5C' AS d, _utf8mb4 x'C3A9' AS e`,
    'SET NAMES utf8mb4',
  ],
  // A function that writes, where a view calls it.
  name => [
    `CREATE TABLE ${name} (n INT AUTO_INCREMENT PRIMARY KEY, t VARCHAR(9))`,
    `CREATE FUNCTION ${quoted('writes')}() RETURNS INT DETERMINISTIC BEGIN INSERT INTO ${name} (t) VALUES ('x'); RETURN 1; END`,
    `CREATE VIEW ${quoted('on writes')} AS SELECT ${quoted('writes')}() AS x UNION SELECT 2`,
  ],
  (name, number) => [
    `CREATE TABLE ${name} (id INT PRIMARY KEY, e ENUM(${Array.from({ length: 40 }, (_, at) => `'l''é)(${at}'`).join(', ')})${number % 2 ? ' CHARACTER SET latin1' : ''}, s SET('''', 'b''c'))`,
    `INSERT INTO ${name} VALUES (1, 40, 3), (2, 1, 0)`,
  ],
  // Nothing but what the server computes.
  (name, number) => [
    `CREATE TABLE ${name} (a INT AS (${number}) VIRTUAL, b VARCHAR(9) AS (CONCAT('x', ${number})) STORED, KEY (a))`,
    `INSERT INTO ${name} () VALUES (), ()`,
  ],
  (name, number) => [
    `CREATE TABLE ${name} (a VARCHAR(20) CHARACTER SET ${number % 2 ? 'latin1' : 'utf8mb4'}, b INT, d DATE) PARTITION BY LIST COLUMNS (a) (PARTITION \`é'1\` VALUES IN ('é', NULL, '') COMMENT 'it''s \\\\', PARTITION p2 VALUES IN ('a''b', '\\\\', 'ÿ'))`,
    `INSERT INTO ${name} VALUES ('é', 1, NULL), (NULL, 2, '2024-01-01'), ('a''b', 3, NULL), ('\\\\', 4, NULL)`,
  ],
  (name, number) => [
    `CREATE TABLE ${name} (a DATE, b INT) PARTITION BY RANGE (TO_DAYS(a)) SUBPARTITION BY LINEAR KEY ALGORITHM=${1 + (number % 2)} (b) (PARTITION p0 VALUES LESS THAN (TO_DAYS('2020-01-01')) (SUBPARTITION \`s 0\` COMMENT = 'x', SUBPARTITION \`s,1\` MAX_ROWS = 5), PARTITION p1 VALUES LESS THAN MAXVALUE (SUBPARTITION s2, SUBPARTITION s3))`,
    `INSERT INTO ${name} VALUES ('2019-01-01', 1), (NULL, 2), ('2024-01-01', 3)`,
  ],
  (name, number) => [
    `CREATE TABLE ${name} (id INT PRIMARY KEY, t TEXT)`,
    "SET sql_mode = 'ANSI_QUOTES'",
    `CREATE TRIGGER ${quoted('zz')} BEFORE INSERT ON ${name} FOR EACH ROW SET NEW.t = CONCAT(NEW.t, 'z')`,
    "SET sql_mode = 'NO_BACKSLASH_ESCAPES'",
    `CREATE TRIGGER ${quoted('aa')} BEFORE INSERT ON ${name} FOR EACH ROW ${number % 2 ? 'PRECEDES' : 'FOLLOWS'} ${quoted('zz')} SET NEW.t = CONCAT(NEW.t, 'a\\n')`,
  ],
  (name, number) => [
    `CREATE TABLE ${name} (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, t TEXT) ENGINE=ARCHIVE AUTO_INCREMENT=${number + 1}`,
    ...(number % 2 ? [`INSERT INTO ${name} (t) VALUES ('a'), ('é'), (NULL)`] : []),
  ],
]

const MYSQL: readonly Rare[] = [
  name => [
    `CREATE TABLE ${name} (id INT PRIMARY KEY, j JSON, s VARCHAR(40), KEY m ((CAST(j->'$.a' AS CHAR(20) ARRAY))), UNIQUE KEY u ((CAST(j->'$.n' AS UNSIGNED ARRAY)), id), KEY f ((LOWER(CONCAT(s, '🐻,)'))) DESC), KEY p (s(3) DESC) INVISIBLE)`,
    `INSERT INTO ${name} VALUES (1, '{"a": ["x", "é"], "n": [1, 2]}', 'Ä'), (2, '{"a": []}', NULL), (3, NULL, '')`,
  ],
  name => [
    `CREATE TABLE ${name} (id INT PRIMARY KEY, t VARCHAR(9))`,
    `INSERT INTO ${name} VALUES (1, 'é')`,
    `CREATE JSON RELATIONAL DUALITY VIEW ${quoted('two sides')} AS SELECT JSON_DUALITY_OBJECT(WITH (INSERT, UPDATE) '_id': id, 'it''s': t) FROM ${name}`,
  ],
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
    `CREATE SEQUENCE ${name} START WITH 50 INCREMENT BY ${number % 2 ? -2 : 3} MINVALUE 1 MAXVALUE 100 CYCLE CACHE 4`,
    `SELECT NEXTVAL(${name})`,
    `ALTER SEQUENCE ${name} RESTART ${1 + (number % 99)}`,
    `CREATE VIEW ${quoted('next of')} AS SELECT NEXTVAL(${name}) AS n`,
  ],
  name => [
    `CREATE TABLE ${name} (id INT, x INT, s DATE, e DATE, PERIOD FOR \`a p\` (s, e), PRIMARY KEY (id, \`a p\` WITHOUT OVERLAPS), KEY k (x)) WITH SYSTEM VERSIONING`,
    `INSERT INTO ${name} VALUES (1, 2, '2020-01-01', '2020-06-01'), (1, 3, '2020-06-01', '2021-01-01')`,
    `UPDATE ${name} FOR PORTION OF \`a p\` FROM '2020-02-01' TO '2020-03-01' SET x = 9`,
  ],
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
