import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import type { Given } from '#domain/binlog/load-data'
import { SetForLoad } from '#engine/shared/binlog/set-for-load'

const AT = '# at 4\n#261129 Query\n'
const load = (number: number): string =>
  `LOAD DATA LOCAL INFILE '/tmp/SQL_LOAD_MB-${number}-0' INTO TABLE \`t\`\n`
const lines = (...parts: string[]): string => parts.map(part => `${part}/*!*/;\n`).join('')

const GIVEN: readonly (readonly Given[])[] = [
  [],
  [
    { kind: 'insert-id', value: 7n },
    { kind: 'seeds', values: [3n, 4n] },
  ],
  [
    { kind: 'last-insert-id', value: 8n },
    { kind: 'variable', name: 'a`b', value: 1 / 3 },
    { kind: 'variable', name: 'n', value: null },
    { kind: 'variable', name: 'i', value: -5n },
    { kind: 'variable', name: 'text', value: undefined },
  ],
]

async function executed(printed: string, chunk = 10_000): Promise<string> {
  const stage = new SetForLoad(GIVEN, 100)
  const source = new PassThrough()
  const all = text(source.pipe(stage))
  const bytes = Buffer.from(printed)
  for (let at = 0; at < bytes.length; at += chunk) source.write(bytes.subarray(at, at + chunk))
  source.end()
  const result = await all
  stage.requireAll('mysqlbinlog')
  return result
}

test.each([7, 10_000])('before the LOAD DATA, and not for the next, by %d bytes', async chunk => {
  const late = ['SET LAST_INSERT_ID=8', 'SET @`a``b`:=0.33333333333333', 'SET @`n`:=NULL']
  const printed = lines(
    ...['SET TIMESTAMP=1', 'BEGIN\n', `${AT}${load(1)}`, `${AT}${load(2)}`],
    ...[
      `${AT}SET TIMESTAMP=2`,
      load(3),
      `${AT}SET INSERT_ID=7`,
      'SET @@RAND_SEED1=3, @@RAND_SEED2=4',
    ],
    ...[...late, 'SET @`i`:=-5', "SET @`text`:=_utf8mb4 X'61'", 'SET INSERT_ID=99', 'INSERT\n'],
  )
  expect(await executed(printed, chunk)).toBe(
    lines(
      ...['SET TIMESTAMP=1', 'BEGIN\n', `${AT}${load(1)}`],
      ...[`${AT}SET INSERT_ID=7`, 'SET @@RAND_SEED1=3, @@RAND_SEED2=4', load(2)],
      ...[`${AT}SET TIMESTAMP=2`, 'SET LAST_INSERT_ID=8', 'SET @`a``b`:=0.3333333333333333e0'],
      ...['SET @`n`:=NULL', 'SET @`i`:=-5', load(3), 'SET INSERT_ID=99', 'INSERT\n'],
    ),
  )
})

test('a tool that prints it before the LOAD DATA is left alone', async () => {
  const printed = lines(
    ...[load(1), 'SET INSERT_ID=7', 'SET @@RAND_SEED1=3, @@RAND_SEED2=4', 'SET TIMESTAMP=1'],
    ...[load(2), 'SET LAST_INSERT_ID=8', load(3), 'SET INSERT_ID=99', 'INSERT\n'],
  )
  expect(await executed(printed)).toBe(printed)
})

test('a LOAD DATA that is not printed as one is an error', async () => {
  await expect(executed(lines(load(1), load(2)))).rejects.toMatchObject({ code: 'TOOL_FAILED' })
})
