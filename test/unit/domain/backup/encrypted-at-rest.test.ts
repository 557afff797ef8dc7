import { expect, test } from 'vitest'
import { inTheClear, isEncryptedAtRest, withoutClearMark } from '#domain/backup/encrypted-at-rest'

const table = (options: string, column = '`id` int'): string =>
  `CREATE TABLE \`t\` (\n  ${column}\n) ENGINE=InnoDB${options}`

test.each([
  [" ENCRYPTION='Y'", " ENCRYPTION='N'"],
  [" /*!80016 ENCRYPTION='Y' */", " /*!80016 ENCRYPTION='N' */"],
  [" ENCRYPTION='Y' COMMENT='it''s'", " ENCRYPTION='N' COMMENT='it''s'"],
  [
    " COMMENT='a' ENCRYPTION='Y'\n/*!50100 PARTITION BY HASH (`id`) */",
    " COMMENT='a' ENCRYPTION='N'\n/*!50100 PARTITION BY HASH (`id`) */",
  ],
  [' `ENCRYPTED`=YES `ENCRYPTION_KEY_ID`=2', ' `ENCRYPTION_KEY_ID`=2'],
  [" `encrypted`='yes'", ''],
])('%s is taken out', (options, clear) => {
  expect(inTheClear(table(options))).toBe(table(clear))
  expect(isEncryptedAtRest(table(options))).toBe(true)
})

test.each([
  table(''),
  table(" ENCRYPTION='N'"),
  table(" `ENCRYPTED`='NO'"),
  table(" COMMENT=' ENCRYPTION=''Y'''"),
  table(" COMMENT=' `ENCRYPTED`=YES'"),
  table('', "`a` int GENERATED ALWAYS AS ( `ENCRYPTED`='YES')"),
  'CREATE VIEW v AS SELECT 1',
])('%s is as it is', create => {
  expect(inTheClear(create)).toBe(create)
})

test('not encrypted is what says nothing', () => {
  for (const mark of [" ENCRYPTION='N'", " /*!80016 ENCRYPTION='N' */"]) {
    expect(withoutClearMark(table(`${mark} COMMENT='x'`))).toBe(table(" COMMENT='x'"))
  }
  expect(withoutClearMark(table(" COMMENT=' ENCRYPTION=''N'''"))).toBe(
    table(" COMMENT=' ENCRYPTION=''N'''"),
  )
})
