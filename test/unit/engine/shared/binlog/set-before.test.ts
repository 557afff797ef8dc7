import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { SetBefore } from '#engine/shared/binlog/set-before'

const SET = 'SET @@session.explicit_defaults_for_timestamp='
const lines = (...parts: string[]): string => parts.map(part => `${part}/*!*/;\n`).join('')
const AT = '# at 4\n#261129 Query\n'

const PRINTED = lines(
  ...[`${SET}1`, `${AT}CREATE TABLE t (a TIMESTAMP)\n`],
  ...['BEGIN\n', 'INSERT INTO t VALUES (1)\n', 'COMMIT'],
  ...[`${AT}SET TIMESTAMP=1`, 'BEGIN\n', `${SET}0`, 'CREATE TABLE `t` () START TRANSACTION\n'],
  ...[`BINLOG '${'AbCd\n'.repeat(40_000)}'`, 'ROLLBACK TO `s`\n', `${SET}0`, 'COMMIT\n'],
  ...[`${SET}1`, "XA START X'61',X'',1\n", `${AT}${SET}1`, 'INSERT\n', "XA PREPARE X'61',X'',1"],
  ...[`${SET}0`, `${AT}CREATE TABLE u (a TIMESTAMP)\n`],
)
const EXECUTED = lines(
  ...[`${SET}1`, `${AT}CREATE TABLE t (a TIMESTAMP)\n`],
  ...['BEGIN\n', 'INSERT INTO t VALUES (1)\n', 'COMMIT'],
  ...[`${AT}SET TIMESTAMP=1`, `${SET}0`, 'BEGIN\n', 'CREATE TABLE `t` () START TRANSACTION\n'],
  ...[`BINLOG '${'AbCd\n'.repeat(40_000)}'`, 'ROLLBACK TO `s`\n', 'COMMIT\n'],
  ...[`${SET}1`, `${SET}1`, "XA START X'61',X'',1\n", 'INSERT\n', "XA PREPARE X'61',X'',1"],
  ...[`${SET}0`, `${AT}CREATE TABLE u (a TIMESTAMP)\n`],
)

test.each([7, 1000, 10_000_000])('before the transaction, by %d bytes', async chunk => {
  const source = new PassThrough()
  const within = new Map([
    [1, 0],
    [2, 1],
  ])
  const all = text(source.pipe(new SetBefore(within)))
  const bytes = Buffer.from(PRINTED)
  for (let at = 0; at < bytes.length; at += chunk) source.write(bytes.subarray(at, at + chunk))
  source.end()
  expect(await all).toBe(EXECUTED)
})
