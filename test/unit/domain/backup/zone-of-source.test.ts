import { expect, test } from 'vitest'
import { hasZoneOfSource, zoneOfSource } from '#domain/backup/zone-of-source'

const of = (time_zone: string, system_time_zone: string, system_offsets: string) => ({
  ...{ time_zone, system_time_zone, system_offsets },
})
const BERLIN = of('SYSTEM', 'CEST', '3600,7200')
const UTC = of('SYSTEM', 'UTC', '0,0')

test.each([
  ['SYSTEM of the same system', BERLIN, of('SYSTEM', 'CET', '3600,7200'), 'SYSTEM', true],
  ['SYSTEM, and another default', BERLIN, of('+00:00', 'CET', '3600,7200'), 'SYSTEM', false],
  ['SYSTEM of another system', BERLIN, UTC, null, false],
  ['a system in UTC', UTC, BERLIN, '+00:00', false],
  ['both in UTC', UTC, of('+00:00', 'CET', '3600,7200'), '+00:00', true],
  ['an offset', of('+02:00', 'CET', '3600,7200'), UTC, '+02:00', false],
  ['a name that is known', of('Europe/Berlin', 'UTC', '0,0'), UTC, 'Europe/Berlin', false],
  ['a name that is not', of('Asia/Tokyo', 'UTC', '0,0'), UTC, null, false],
  ['UTC by its name', of('UTC', 'CET', '3600,7200'), UTC, '+00:00', true],
  ['a system without summer time', of('SYSTEM', 'CST', '28800,28800'), UTC, '+08:00', false],
  [
    'one behind UTC',
    of('SYSTEM', 'NST', '-12600,-12600'),
    of('-03:30', 'UTC', '0,0'),
    '-03:30',
    true,
  ],
  ['beyond what MariaDB takes', of('SYSTEM', '+14', '50400,50400'), UTC, null, false],
  ['a source that did not say', {}, UTC, null, false],
])('%s', (_, source, settings, zone, isDefault) => {
  const target = { settings, timeZones: ['Europe/Berlin'] }
  expect(zoneOfSource(source, target)).toBe(zone)
  expect(hasZoneOfSource(source, target)).toBe(isDefault)
})
