import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import type { Untold } from '#domain/binlog/untold'
import { SpellOut, spellings } from '#engine/shared/binlog/spell-out'

const given = (statement: string, user = 'ann', host = 'localhost'): Untold => ({
  ...{ kind: 'invoker', statement, user, host },
})
const ANN = '`ann`@`localhost`'

test.each([
  ['GRANT SELECT ON a.b TO CURRENT_USER()', `GRANT SELECT ON a.b TO ${ANN}`],
  [
    'grant ALL on `current_user`.* to current_user ( )',
    `grant ALL on \`current_user\`.* to ${ANN}`,
  ],
  ['/* CURRENT_USER */ DROP USER CURRENT_USER, x', `/* CURRENT_USER */ DROP USER ${ANN}, x`],
  ['RENAME USER CURRENT_USER() TO bob', `RENAME USER ${ANN} TO bob`],
  ["ALTER USER CURRENT_USER() COMMENT 'CURRENT_USER'", `ALTER USER ${ANN} COMMENT 'CURRENT_USER'`],
  [
    'ALTER EVENT `e` DO SELECT CURRENT_USER()',
    `ALTER DEFINER=${ANN} EVENT \`e\` DO SELECT CURRENT_USER()`,
  ],
  ['/* a */ ALTER\nEVENT e DISABLE', `/* a */ ALTER DEFINER=${ANN}\nEVENT e DISABLE`],
])('%s', (statement, instead) => {
  for (const family of ['mysql', 'mariadb'] as const) {
    expect(spellings([given(statement)], family)).toEqual([
      { printed: statement, isBeginning: false, instead: `${instead}\n` },
    ])
  }
})

test.each([
  'ALTER DEFINER=root@localhost EVENT e DISABLE',
  'CREATE DEFINER=`ann`@`localhost` VIEW v AS SELECT CURRENT_USER()',
  "GRANT SELECT ON a.b TO 'CURRENT_USER'@localhost",
  'CREATE DEFINER=`ann`@`localhost` EVENT e ON SCHEDULE EVERY 1 DAY DO DROP USER CURRENT_USER',
])('as it is: %s', statement => {
  expect(spellings([given(statement)], 'mariadb')).toEqual([])
})

test('a role (MariaDB): who made it may grant it, and whoever replays', () => {
  const made = (...log: Untold[]): string[] => spellings(log, 'mariadb').map(one => one.instead)
  const [byUser = '', byName = '', ofRole = '', missing = ''] = made(
    given('CREATE ROLE r, `a b`'),
    { kind: 'role', statement: "create or replace role s WITH ADMIN 'bob'@'%'" },
    given('CREATE ROLE t WITH ADMIN CURRENT_ROLE', 'boss', ''),
    given('CREATE ROLE IF NOT EXISTS u'),
  )
  const giving = (text: string): string =>
    `BEGIN NOT ATOMIC DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END; ${text} END`
  expect(byUser).toMatch(/^CREATE ROLE r, `a b`\n\/\*!\*\/;\nSET /)
  expect(byUser).toContain(
    giving(
      'GRANT `r` TO `ann`@`localhost` WITH ADMIN OPTION; GRANT `a b` TO `ann`@`localhost` WITH ADMIN OPTION;',
    ),
  )
  expect(byName).toMatch(/^create or replace role s\n\/\*!\*\/;\nSET /)
  expect(byName).toContain(giving('GRANT `s` TO `bob`@`%` WITH ADMIN OPTION;'))
  expect(ofRole).toContain(giving('GRANT `t` TO `boss` WITH ADMIN OPTION;'))
  expect(missing).toMatch(/^SET /)
  expect(missing).toContain(
    giving(
      "IF NOT EXISTS (SELECT 1 FROM mysql.user WHERE User = 'u' AND is_role = 'Y') THEN CREATE ROLE `u`; GRANT `u` TO `ann`@`localhost` WITH ADMIN OPTION; END IF;",
    ),
  )
  expect(made(given('GRANT SELECT ON a.b TO CURRENT_ROLE', 'boss', ''))).toEqual([
    'GRANT SELECT ON a.b TO `boss`\n',
  ])
  expect(made({ kind: 'role', statement: 'GRANT r TO ann@localhost' })).toEqual([])
})

test.each([
  [1 / 3, '0.3333333333333333e0'],
  [12345678901234568, '12345678901234568e0'],
  [-0, '-0e0'],
  [1e300, '1e+300'],
  [-2.2250738585072014e-308, '-2.2250738585072014e-308'],
])('a number in full: %d', (value, literal) => {
  const [one] = spellings([{ kind: 'real', variable: 'a', value }], 'mysql')
  expect(one?.instead).toBe(`SET @\`a\`:=${literal}`)
})

const UNTOLD: readonly Untold[] = [
  { kind: 'real', variable: 'a', value: 1 / 3 },
  given('DROP USER CURRENT_USER()'),
  { kind: 'real', variable: 'a', value: 2 / 3 },
]
const ROWS = `BINLOG '${'AbCd\n'.repeat(40_000)}'`
const printed = (first: string, drop: string, second: string): string =>
  [
    '# at 4\n#261129 Query\nDELIMITER ',
    `# at 9\nSET @\`a\`:=${first}`,
    `INSERT INTO t VALUES (@a, 'é')\n`,
    `# SET @\`a\`:=0\n${ROWS}`,
    `${drop}\n`,
    `SET @\`a\`:=${second}`,
    'COMMIT',
  ].join('/*!*/;\n')

async function executed(output: string, chunk: number): Promise<string> {
  const spellOut = new SpellOut(spellings(UNTOLD, 'mysql'))
  const source = new PassThrough()
  const all = text(source.pipe(spellOut))
  const bytes = Buffer.from(output)
  for (let at = 0; at < bytes.length; at += chunk) source.write(bytes.subarray(at, at + chunk))
  source.end()
  const result = await all
  spellOut.requireAll('mysqlbinlog')
  return result
}

test.each([7, 1000, 65_536, 10_000_000])('in what the tool prints, by %d bytes', async chunk => {
  const output = printed('0.33333333333333', 'DROP USER CURRENT_USER()', '0.66666666666667')
  expect(await executed(output, chunk)).toBe(
    printed('0.3333333333333333e0', `DROP USER ${ANN}`, '0.6666666666666666e0'),
  )
})

test('what is not printed as it is in the log is an error', async () => {
  const output = printed('0.33333333333333', 'DROP USER ann', '0.66666666666667')
  await expect(executed(output, 1000)).rejects.toMatchObject({ code: 'TOOL_FAILED' })
})

test('a statement that begins with a comment is found behind those of the tool', async () => {
  const statement = '# of ticket 12\n-- and 13\nDROP USER CURRENT_USER()'
  const spellOut = new SpellOut(spellings([given(statement)], 'mysql'))
  const all = text(spellOut)
  spellOut.end(`# at 4\n#261129 Query\n${statement}\n/*!*/;\nCOMMIT/*!*/;\n`)
  expect(await all).toContain(`DROP USER ${ANN}\n/*!*/;\nCOMMIT`)
  spellOut.requireAll('mysqlbinlog')
})
