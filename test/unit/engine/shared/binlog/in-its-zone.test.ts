import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { InItsZone } from '#engine/shared/binlog/in-its-zone'
import { DELIMITER } from '#engine/shared/binlog/watch-statements'

const zones = { keys: "'+02:00'", system: '+02:00', isForRows: true }

/** What is executed, in chunks of 7 bytes. */
async function executed(printed: readonly string[], of = zones): Promise<string[]> {
  const bytes = Buffer.from(printed.map(one => one + DELIMITER).join(''))
  const chunks = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, at) =>
    bytes.subarray(at * 7, at * 7 + 7),
  )
  const all = await text(Readable.from(chunks).pipe(new InItsZone(of)))
  return all.split(DELIMITER).slice(0, -1)
}

const set = (zone: string): string => `SET @@session.time_zone='${zone}'\n`
const ROWS = "BINLOG '\nCigAAA==\n'"
const LONG = `BINLOG '\n${'A'.repeat(2 ** 18)}\n'`
const INSERT = 'INSERT INTO t VALUES (NOW())\n'

test.each([
  ['SYSTEM', [set('SYSTEM'), 'BEGIN\n', ROWS], [set('+02:00'), 'BEGIN\n', ROWS]],
  [
    'rows behind a statement in another zone',
    [set('+09:00'), INSERT, 'BEGIN\n', ROWS, ROWS, 'COMMIT\n'],
    [set('+09:00'), INSERT, 'BEGIN\n', set('+02:00'), ROWS, ROWS, 'COMMIT\n'],
  ],
  [
    'a long row, and a statement behind it',
    [set('+09:00'), 'BEGIN\n', LONG, 'COMMIT\n', `/* app */ ${INSERT}`],
    [
      set('+09:00'),
      'BEGIN\n',
      set('+02:00'),
      LONG,
      'COMMIT\n',
      set('+09:00'),
      `/* app */ ${INSERT}`,
    ],
  ],
  [
    'a text',
    [`INSERT INTO t VALUES ("${set('SYSTEM')}")`],
    [`INSERT INTO t VALUES ("${set('SYSTEM')}")`],
  ],
])('%s', async (_, printed, wanted) => {
  expect(await executed(printed)).toEqual(wanted)
})

test('of files the log says in which zone rows were written', async () => {
  const printed = [set('+09:00'), 'BEGIN\n', ROWS, set('SYSTEM'), ROWS]
  expect(await executed(printed, { ...zones, isForRows: false })).toEqual([
    ...printed.slice(0, 3),
    set('+02:00'),
    ROWS,
  ])
})
