import { expect, test } from 'vitest'
import { namedDatabases } from '#domain/backup/named-databases'

const named = (create: string, more: { kind?: 'view' | 'trigger'; sqlMode?: string } = {}) =>
  namedDatabases({ kind: 'procedure', sqlMode: '', create, ...more }, ['crm', 'o', 'new', 's.x'])

test.each([
  ['BEGIN INSERT INTO crm.log VALUES (1); END', ['crm']],
  ['CREATE DEFINER=`crm`@`crm` PROCEDURE p() UPDATE `crm` . `log` SET n = 1', ['crm']],
  ['BEGIN SELECT 1 FROM a, CRM.log; CALL o.p(); END', ['crm', 'o']],
  ['SET @a = crm.next_number(1)', ['crm']],
  ['SET NEW.n = (SELECT MAX(crm.log.n) FROM t crm)', ['crm', 'new']],
  ['DELETE FROM `s.x`.t', ['s.x']],
  ['/*!50003 DELETE FROM crm.log */', ['crm']],
  ["PREPARE p FROM 'DELETE FROM crm.log'", ['crm']],
  ["EXECUTE IMMEDIATE 'INSERT crm.log SET n = 1'", ['crm']],
  // An alias, a table, a column, a comment, a text, an account, another name that ends so.
  ['SELECT o.id FROM orders o WHERE EXTRACT(YEAR FROM o.day) = 2026', []],
  ['SELECT o.id FROM shop.o WHERE o.id = 1', []],
  ['SELECT crm, crm.id FROM t JOIN crm USING (id)', []],
  ['BEGIN -- crm.log\n # crm.log\n /* crm.log */ DO 1; END', []],
  ["SELECT 'from crm.log', \"it's crm.log\"", []],
  ['CREATE DEFINER=`crm`@`o.x` PROCEDURE p() DO 1', []],
  ['DELETE FROM my_crm.log', []],
  ["SELECT 'it\\'s', ' from crm.log'", []],
])('%s', (create, expected) => {
  expect(named(create)).toEqual(expected)
})

test("a trigger's own rows are no database, and quotes are names under ANSI_QUOTES alone", () => {
  expect(named('SET NEW.n = 1', { kind: 'trigger' })).toEqual([])
  expect(named('DELETE FROM "crm".log')).toEqual([])
  expect(named('DELETE FROM "crm".log', { sqlMode: 'ANSI,ANSI_QUOTES' })).toEqual(['crm'])
})
