import { expect, test } from 'vitest'
import { parsePeriod, parseRepresentativeId } from '#domain/report/period'

test('a period of whole days is taken as it is', () => {
  expect(parsePeriod('2013-11-01', '2013-12-31')).toEqual({ from: '2013-11-01', to: '2013-12-31' })
  expect(parsePeriod(' 2012-02-29', '2012-02-29 ')).toEqual({
    from: '2012-02-29',
    to: '2012-02-29',
  })
})

test.each([
  ['2013-02-29', 'the calendar has no such day'],
  ['2013-06-31', 'the calendar has no such day'],
  ['2013-13-01', 'the calendar has no such day'],
  ['2013-00-10', 'the calendar has no such day'],
  ['0000-00-00', 'the calendar has no such day'],
  ['0999-01-01', 'the server knows the years 1000 to 9999'],
  ['2013-11-1', 'a day is written YYYY-MM-DD'],
  ['01.11.2013', 'a day is written YYYY-MM-DD'],
  ['2013-11-01 10:00', 'a day is written YYYY-MM-DD'],
  ["2013-11-01' OR 1", 'a day is written YYYY-MM-DD'],
  ['', 'a day is written YYYY-MM-DD'],
])('%j is refused: %s', (day, why) => {
  expect(() => parsePeriod(day, '2020-01-01')).toThrow(
    expect.objectContaining({ code: 'USAGE', why, what: expect.stringContaining('--from') }),
  )
  expect(() => parsePeriod('2020-01-01', day)).toThrow(
    expect.objectContaining({ code: 'USAGE', why, what: expect.stringContaining('--to') }),
  )
})

test('the wrong way round is refused, with the right way', () => {
  expect(() => parsePeriod('2013-12-31', '2013-11-01')).toThrow(
    expect.objectContaining({
      code: 'USAGE',
      hints: ['did you mean --from 2013-11-01 --to 2013-12-31?'],
    }),
  )
})

test('a representative is a number', () => {
  expect(parseRepresentativeId(undefined)).toBeNull()
  expect(parseRepresentativeId('007')).toBe('7')
  for (const text of ['', '-1', '1.5', 'Ann', '1234567890123456789']) {
    expect(() => parseRepresentativeId(text)).toThrow(expect.objectContaining({ code: 'USAGE' }))
  }
})
