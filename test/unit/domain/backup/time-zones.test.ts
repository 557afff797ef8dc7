import { expect, test } from 'vitest'
import { readsZonesOfRows } from '#domain/backup/time-zones'

const reads = (create: string): boolean =>
  readsZonesOfRows({ tables: [], programs: [{ create, timeZone: '' }] })

test.each([
  ["convert_tz(`a`.`t`,'+00:00',`a`.`zone`)", true],
  ["`t` datetime GENERATED ALWAYS AS (convert_tz(`at`,`zone`,_utf8mb4'+00:00')) STORED", true],
  ["CONVERT_TZ (GREATEST(a, b), '+00:00', CONCAT(x, ','))", true],
  ["convert_tz(`t`,'UTC','Europe/Berlin')", false],
  ["convert_tz(greatest(`t`,')'),_utf8mb4'UTC',@@global.time_zone)", false],
  ["CONVERT_TZ(CONVERT_TZ(a, 'UTC', 'SYSTEM'), 'UTC', z)", true],
  ['no call', false],
])('%s', (text, expected) => {
  expect(reads(text)).toBe(expected)
})
