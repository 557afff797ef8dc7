import { expect, test } from 'vitest'
import { Flavor } from '#engine/flavor'
import { lsnsOf } from '#engine/shared/binlog/observe-log'

const of = (version: string, current: number, flushed: number, written: number) =>
  lsnsOf(
    Flavor.parse(version),
    new Map([
      ['Innodb_lsn_current', current],
      ['Innodb_lsn_flushed', flushed],
      ['Innodb_os_log_written', written],
    ]),
  )

test('where the log was at the start: what was written since is counted by MariaDB 10.8 and later alone', () => {
  expect(of('10.11.19-MariaDB', 47_404, 47_400, 2510)).toEqual({
    flushedLsn: 47_400,
    startLsn: 44_894,
  })
  // Blocks that were written again and again.
  expect(of('10.6.18-MariaDB', 90_000, 90_000, 60_000)).toEqual({
    flushedLsn: 90_000,
    startLsn: 90_000,
  })
})

test('nothing is known of MySQL, nor where the log begins at nothing', () => {
  const none = { flushedLsn: null, startLsn: null }
  expect(of('9.7.4', 47_404, 47_400, 2510)).toEqual(none)
  expect(of('10.11.19-MariaDB', 12_288, 12_288, 12_288)).toEqual(none)
  expect(of('10.11.19-MariaDB', 2 ** 60, 2 ** 60, 0)).toEqual(none)
})
