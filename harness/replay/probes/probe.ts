import type { EngineFamily } from '#domain/engine-family'
import type { Random } from '#domain/sample/random'
import { PROBES_OF_BOTH } from './both.ts'
import { PROBES_OF_MARIADB } from './mariadb.ts'
import { PROBES_OF_MYSQL } from './mysql.ts'

/**
 * Statements that one session gives after the snapshot, in database `shop`. What a setting of the
 * server, the session or the account says about them must be known to the replay as well.
 */
export interface Probe {
  name: string
  /**
   * "AS app A;;B": another session of that account gives A and B ("AS app:pw": with a password). `{file}` is the path of LOADED.
   * A statement that the source refuses is passed over: versions differ.
   */
  statements: readonly string[]
  /** The restore says that they may differ (3), behind which no other probe is looked at: they are drawn by themselves. */
  isTold?: true
}

// What is known, and so is no probe:
// - results that are longer than the source's max_allowed_packet, which are NULL there;
// - --sysdate-is-now, which no session can be given;
// - who has the ADMIN of a role that an account made, or that a role has made;
// - MySQL: a hidden primary key beside a functional key (error 1105 of the server's own);
// - MariaDB: routines of DEFINER=role, row_start of no real time,
//   mysql56_temporal_format, which is how times are stored and not what they are;
// - CREATE TABLE ... SELECT ?, and variables of routines that are FLOAT or DOUBLE (NAME_CONST).
export const PROBES: Readonly<Record<EngineFamily, readonly Probe[]>> = {
  mariadb: [...PROBES_OF_BOTH, ...PROBES_OF_MARIADB],
  mysql: [...PROBES_OF_BOTH, ...PROBES_OF_MYSQL],
}

/** Of the file for LOAD DATA. */
export const LOADED = '1\taé\n2\tb\n3\tc\\\\x\n'

const SHARED_BEFORE = [
  'CREATE TABLE nopk (a INT)',
  'INSERT INTO nopk VALUES (5), (3), (9), (1)',
  'DELETE FROM nopk WHERE a = 3',
  'INSERT INTO nopk VALUES (2)',
  'CREATE TABLE nopkm (a INT) ENGINE=MyISAM',
  'INSERT INTO nopkm VALUES (5), (3), (9), (1)',
  'DELETE FROM nopkm WHERE a = 3',
  'INSERT INTO nopkm VALUES (2)',
  'CREATE USER app@localhost',
  'GRANT ALL ON *.* TO app@localhost WITH GRANT OPTION',
  'CREATE ROLE boss',
  'GRANT boss TO app@localhost',
  'CREATE USER victim@localhost',
  'CREATE VIEW v1 AS SELECT t FROM base',
]

const DATABASE = ['CREATE DATABASE shop', 'USE shop']

/** What is there before the snapshot. */
export const BEFORE_PROBES: Readonly<Record<EngineFamily, readonly string[]>> = {
  mariadb: [
    ...DATABASE,
    'CREATE TABLE base (id INT PRIMARY KEY AUTO_INCREMENT, t VARCHAR(100), d DATE, ts TIMESTAMP NULL, dt DATETIME)',
    "INSERT INTO base (t, d, ts, dt) VALUES ('aaaaaaaaaaaaaaaz', '2024-12-30', '2024-12-30 01:02:03', '2024-12-30 01:02:03'), ('aaaaaaaaaaaaaaab', '2024-01-02', '2024-06-30 01:02:03', '2024-06-30 01:02:03'), ('aaaaaaaaaaaaaaac', '2023-01-01', NULL, NULL)",
    ...SHARED_BEFORE,
    'CREATE SEQUENCE sq START WITH 3 INCREMENT BY 2',
    'SELECT NEXTVAL(sq)',
    'CREATE SEQUENCE sq2',
    'SELECT NEXTVAL(sq2)',
  ],
  mysql: [
    ...DATABASE,
    'CREATE TABLE base (id INT PRIMARY KEY AUTO_INCREMENT, t VARCHAR(100), d DATE, ts TIMESTAMP NULL, dt DATETIME, f DOUBLE, j JSON)',
    `INSERT INTO base (t, d, ts, dt, f, j) VALUES ('aaaaaaaaaaaaaaaz', '2024-12-30', '2024-12-30 01:02:03', '2024-12-30 01:02:03', 1e16, '{"a": 1, "b": [1, 2, 3]}'), ('aaaaaaaaaaaaaaab', '2024-01-02', '2024-06-30 01:02:03', '2024-06-30 01:02:03', 1, '{}'), ('aaaaaaaaaaaaaaac', '2023-01-01', NULL, NULL, -1e16, NULL)`,
    ...SHARED_BEFORE,
    'GRANT ALL ON `a_b`.* TO victim@localhost',
  ],
}

/** Some groups of all, in the order of the list: accounts that get a password come last. */
export function drawProbes(family: EngineFamily, random: Random, count: number): readonly Probe[] {
  const told = PROBES[family].filter(({ isTold }) => isTold)
  if (random.chance(0.05)) return told
  const all = PROBES[family].filter(({ isTold }) => !isTold)
  const drawn = new Set<Probe>()
  while (drawn.size < Math.min(count, all.length)) drawn.add(random.pick(all))
  return all.filter(probe => drawn.has(probe))
}
