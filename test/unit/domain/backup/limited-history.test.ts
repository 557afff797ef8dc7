import { expect, test } from 'vitest'
import { hasLimitedHistory } from '#domain/backup/limited-history'

const create = (partitions: string): string =>
  `CREATE TABLE \`t\` (\n  \`id\` int(11) COMMENT ' BY SYSTEM_TIME LIMIT 2'\n) ENGINE=InnoDB COMMENT=' BY SYSTEM_TIME LIMIT 2' WITH SYSTEM VERSIONING${partitions}`

test('a history in partitions of so many rows is told from one by time, and from a comment', () => {
  const limited = create(
    '\n PARTITION BY SYSTEM_TIME LIMIT 2\n(PARTITION `p0` HISTORY ENGINE = InnoDB)',
  )
  expect(hasLimitedHistory({ create: limited, rows: 1 })).toBe(true)
  expect(hasLimitedHistory({ create: limited, rows: 0 })).toBe(false)
  const byTime = create("\n PARTITION BY SYSTEM_TIME INTERVAL 1 DAY STARTS TIMESTAMP'2026-01-01'")
  expect(hasLimitedHistory({ create: byTime, rows: 1 })).toBe(false)
  expect(hasLimitedHistory({ create: create(''), rows: 1 })).toBe(false)
})
