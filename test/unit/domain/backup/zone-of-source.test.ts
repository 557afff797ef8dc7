import { expect, test } from 'vitest'
import {
  hasZoneOfSource,
  keysZone,
  loggedSystem,
  systemZoneOf,
  zoneAnywhere,
  zoneOfFiles,
  zoneOfSource,
} from '#domain/backup/zone-of-source'

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

const PAULO = of('SYSTEM', '-03', '-10800,-10800')
const TOKYO = of('+02:00', 'JST', '32400,32400')

test.each([
  // It had a summer time until 2019.
  ['a system of its zone', PAULO, PAULO, ['SYSTEM', 'SYSTEM'], ['SYSTEM', 'SYSTEM']],
  ['another one', PAULO, UTC, ['-03:00', '-03:00'], ['-03:00', '-03:00']],
  ['none that can be had', BERLIN, UTC, ['+00:00', '+00:00'], ['SYSTEM', 'SYSTEM']],
  ['a system in UTC', UTC, BERLIN, ['+00:00', '+00:00'], ['+00:00', '+00:00']],
  ['a zone of its own', TOKYO, UTC, ['+02:00', '+09:00'], ['+02:00', '+09:00']],
  [
    'a name',
    of('Europe/Berlin', 'CET', '3600,7200'),
    UTC,
    ['Europe/Berlin', 'SYSTEM'],
    ['Europe/Berlin', 'SYSTEM'],
  ],
  [
    'UTC by its name',
    of('UTC', 'JST', '32400,32400'),
    UTC,
    ['+00:00', '+09:00'],
    ['+00:00', '+09:00'],
  ],
  ['a source that did not say', {}, UTC, ['+00:00', 'SYSTEM'], [null, 'SYSTEM']],
])('a log of %s', (_, source, settings, loaded, files) => {
  const target = { settings, timeZones: ['Europe/Berlin'] }
  const system = systemZoneOf(settings) ?? { name: '', offsets: undefined }
  expect([keysZone(source, target), loggedSystem(source, system, true)]).toEqual(loaded)
  expect([zoneOfFiles(source, system), loggedSystem(source, system, false)]).toEqual(files)
})

test.each([
  [{}, null],
  [of('UTC', 'CET', '3600,7200'), '+00:00'],
  [UTC, '+00:00'],
  [PAULO, '-03:00'],
  [BERLIN, 'SYSTEM'],
  [TOKYO, '+02:00'],
])('of %j on a server that is not known yet: %s', (source, zone) => {
  expect(zoneAnywhere(source)).toBe(zone)
})
