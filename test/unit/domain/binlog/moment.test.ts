import { describe, expect, test } from 'vitest'
import { checkZone, momentText, parseMoment } from '#domain/binlog/moment'
import { isoOfMicros, microsOfIso } from '#domain/binlog/segment'

describe('a time to restore to', () => {
  test.each([
    ['2026-11-20 13:37:00+01:00', 'UTC', '2026-11-20T12:37:00.000000Z'],
    ['2026-11-20T13:37:00Z', 'Europe/Berlin', '2026-11-20T13:37:00.000000Z'],
    ['2026-11-20 13:37', 'Europe/Berlin', '2026-11-20T12:37:00.000000Z'],
    ['2026-07-01 13:37:00.123456', 'Europe/Berlin', '2026-07-01T11:37:00.123456Z'],
    ['2026-11-20 13:37:00 -0530', 'UTC', '2026-11-20T19:07:00.000000Z'],
    ['2026-03-29 03:00:00', 'Europe/Berlin', '2026-03-29T01:00:00.000000Z'],
    ['2026-10-25 03:00:00', 'Europe/Berlin', '2026-10-25T02:00:00.000000Z'],
  ])('%s in %s', (text, zone, expected) => {
    expect(isoOfMicros(parseMoment(text, zone).us)).toBe(expected)
  })

  test('is shown in UTC, with what was asked for', () => {
    expect(momentText(parseMoment('2026-11-20 13:37:00', 'Europe/Berlin'))).toBe(
      '2026-11-20 12:37:00 UTC (2026-11-20 13:37:00 in Europe/Berlin)',
    )
    expect(momentText(parseMoment('2026-11-20 13:37:00+01:00', 'Asia/Tokyo'))).toBe(
      '2026-11-20 12:37:00 UTC',
    )
  })

  test.each([
    ['2026-03-29 02:30:00', 'put forward over it'],
    ['2026-10-25 02:30:00', 'showed it twice'],
    ['2026-02-30 12:00:00', 'no such day or time'],
    ['2026-02-20 25:00:00', 'no such day or time'],
    ['yesterday', 'it is written as'],
    ['2026-02-20', 'it is written as'],
  ])('%s is refused: %s', (text, why) => {
    expect(() => parseMoment(text, 'Europe/Berlin')).toThrow(why)
  })

  test('a zone has a name', () => {
    expect(checkZone('Europe/Berlin')).toBe('Europe/Berlin')
    expect(() => checkZone('Berlin')).toThrow('is not a time zone')
  })

  test('microseconds come back', () => {
    const iso = '2026-11-21T11:12:16.750925Z'
    expect(isoOfMicros(microsOfIso(iso))).toBe(iso)
    expect(isoOfMicros(microsOfIso('2026-11-21T11:12:16.750Z'))).toBe('2026-11-21T11:12:16.750000Z')
  })
})
