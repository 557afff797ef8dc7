import { expect, test } from 'vitest'
import { programsThatSet, viewsThatSet } from '#domain/backup/views-that-set'
import { settingProbe } from '#workflow/restore/prove-content'

const program = (kind: 'view' | 'function' | 'procedure', name: string, create: string) => ({
  kind,
  schema: 'shop',
  name,
  create,
  sqlMode: '',
  characterSetClient: '',
  collationConnection: '',
  timeZone: '',
})

test('views that may reach what sets a variable of the server are told, and no others', () => {
  const programs = [
    program('procedure', 'P', "CREATE PROCEDURE P() SET @@GLOBAL.general_log_file = '/x'"),
    program('function', 'f', 'CREATE FUNCTION f() RETURNS INT BEGIN CALL p(); RETURN 1; END'),
    program('function', 'g', 'CREATE FUNCTION g() RETURNS INT RETURN 1'),
    program('view', 'v', 'CREATE VIEW `v` AS select `F`() AS `x`'),
    program('view', 'w', 'CREATE VIEW `w` AS select `v`.`x` AS `x` from `v`'),
    program('view', 'good', 'CREATE VIEW `good` AS select `g`() AS `x`'),
    program(
      'function',
      'é1',
      "CREATE FUNCTION é1() RETURNS INT BEGIN SET @a = '`'; SET GLOBAL x = 1; SET @b = '`'; RETURN 1; END",
    ),
    program('view', 'hidden', 'CREATE VIEW `hidden` AS select `E1`() AS `x`'),
    program(
      'function',
      'my-fn',
      'CREATE FUNCTION `my-fn`() RETURNS INT BEGIN /* ` */ SET @@PERSIST.x = 1; RETURN 1; END',
    ),
    program('function', 'calls', 'CREATE FUNCTION calls() RETURNS INT RETURN "my-fn"()'),
    program('view', 'quoted', 'CREATE VIEW `quoted` AS select `calls`() AS `x`'),
    program('view', 'named', 'CREATE VIEW `named` AS select 1 AS `global`'),
  ]
  expect(
    viewsThatSet(programs)
      .map(({ name }) => name)
      .sort(),
  ).toEqual(['hidden', 'quoted', 'v', 'w'])
  expect(
    viewsThatSet(programs.filter(({ name }) => ['g', 'good', 'named'].includes(name))),
  ).toEqual([])
})

test('what a CALL sets is told of the procedure itself, and of one that runs what it put together', () => {
  const programs = [
    program('procedure', 'sets', 'CREATE PROCEDURE sets() SET GLOBAL x = 1'),
    program('procedure', 'runs', "CREATE PROCEDURE runs() BEGIN PREPARE p FROM 'x'; END"),
    program('procedure', 'calls', 'CREATE PROCEDURE calls() CALL runs()'),
    program('procedure', 'asks', "CREATE PROCEDURE asks() CALL sys.execute_prepared_stmt('x')"),
    program('procedure', 'ends', 'CREATE PROCEDURE ends() BEGIN COMMIT; DELETE FROM t; END'),
    program('procedure', 'good', 'CREATE PROCEDURE good() SELECT @@GLOBAL.x'),
    // No function may do that, so nor may a view.
    program('view', 'v', 'CREATE VIEW v AS select 1 AS `runs`'),
  ]
  expect(programsThatSet(programs).map(({ name }) => name)).toEqual([
    ...['sets', 'runs', 'calls', 'asks', 'ends', 'v'],
  ])
  expect(viewsThatSet(programs)).toEqual([])
})

test('a probe that reads is left out for what a function may do, one that calls for all that a procedure may', () => {
  const left = (...programs: ReturnType<typeof program>[]) => {
    const isSetting = settingProbe({ programs })
    return ['CALL `shop`.`name`(1)', 'SELECT SUM(`name`) FROM `shop`.`t`'].map(sql =>
      isSetting({ sql }),
    )
  }
  const runs = "CREATE PROCEDURE name() BEGIN PREPARE p FROM 'x'; END"
  expect(left(program('procedure', 'name', runs))).toEqual([true, false])
  const sets = 'CREATE FUNCTION name() RETURNS INT BEGIN SET GLOBAL x = 1; RETURN 1; END'
  expect(left(program('function', 'name', sets))).toEqual([true, true])
  expect(left(program('procedure', 'name', 'CREATE PROCEDURE name() SELECT 1'))).toEqual([
    ...[false, false],
  ])
})
