import { expression, literal } from './expressions.ts'
import { type Known, oneOf, type Ways } from './known.ts'

/** Triggers, views, events and routines: made, changed, dropped. */
export function aboutPrograms(known: Known): string {
  return oneOf(known, known.pick(triggers, views, events, routines)(known))
}

const number = (known: Known, high: number): number => known.random.between(0, high)

function triggers(known: Known): Ways {
  const table = known.table()
  const { name, type } = known.column(table, known.writable(table))
  const made = `CREATE TRIGGER tr${number(known, 5)}`
  return [
    () =>
      `${made} BEFORE ${known.pick('INSERT', 'UPDATE')} ON ${table} FOR EACH ROW SET NEW.\`${name}\` = ${expression(known, type)}`,
    () =>
      `${made} AFTER ${known.pick('INSERT', 'UPDATE', 'DELETE')} ON ${table} FOR EACH ROW INSERT INTO audit (what, at) VALUES (${expression(known, 'text')}, NOW(6))`,
    () =>
      `${made} AFTER ${known.pick('INSERT', 'DELETE')} ON ${table} FOR EACH ROW CALL p1(${known.random.between(1, 9)}, 'tr')`,
    () => `DROP TRIGGER IF EXISTS tr${number(known, 5)}`,
  ]
}

function views(known: Known): Ways {
  const table = known.table()
  const { name, type } = known.column(table, known.writable(table))
  const view = `v${number(known, 4)}`
  return [
    () =>
      `CREATE ${known.pick('', 'OR REPLACE ', 'OR REPLACE ')}VIEW ${view} AS SELECT ${expression(known)} AS x, \`${name}\` FROM ${table}`,
    () => `ALTER VIEW ${view} AS SELECT ${literal(known)} AS y`,
    () => `INSERT INTO ${view} (\`${name}\`) VALUES (${literal(known, type)})`,
  ]
}

function events(known: Known): Ways {
  const event = `e${number(known, 5)}`
  const schedule = `ON SCHEDULE ${known.random.pick(SCHEDULES)}`
  const altered: Ways = [
    () => schedule,
    () => "COMMENT 'x'",
    () => 'DISABLE',
    () => `RENAME TO e${number(known, 5)}`,
    () => `DO SELECT ${literal(known)}`,
  ]
  return [
    () =>
      `CREATE EVENT ${event} ${schedule} DO INSERT INTO audit (what) VALUES (${literal(known, 'text')})`,
    () => `ALTER EVENT ${event} ${oneOf(known, altered)}`,
    () => `DROP EVENT IF EXISTS ${event}`,
  ]
}

const SCHEDULES = [
  'EVERY 1 DAY',
  "EVERY 2 HOUR STARTS '2036-01-01 00:00:00'",
  "AT '2036-05-05 05:05:05'",
  "EVERY 3 MONTH STARTS CURRENT_TIMESTAMP + INTERVAL 1 YEAR ENDS '2037-01-01 00:00:00'",
  'AT CURRENT_TIMESTAMP + INTERVAL 2 YEAR',
]

function routines(known: Known): Ways {
  const returned = ['TEXT', 'VARCHAR(50)', 'VARCHAR(50) CHARSET latin1', 'INT', 'DATETIME']
  return [
    () =>
      `CREATE FUNCTION g${number(known, 4)}(a VARCHAR(20)) RETURNS ${known.random.pick(returned)} ${known.pick('DETERMINISTIC', 'NOT DETERMINISTIC NO SQL')} RETURN CONCAT(a, ${expression(known)})`,
    () =>
      `CREATE PROCEDURE q${number(known, 4)}(IN a TEXT, OUT b INT) SQL SECURITY ${known.pick('INVOKER', 'DEFINER')} BEGIN DECLARE x CHAR(5) DEFAULT 'é'; SET b = ${literal(known, 'int')}; END`,
    () => `ALTER PROCEDURE q${number(known, 4)} COMMENT 'é' SQL SECURITY INVOKER`,
    () => `DROP ${known.pick('FUNCTION IF EXISTS g', 'PROCEDURE IF EXISTS q')}${number(known, 4)}`,
  ]
}
