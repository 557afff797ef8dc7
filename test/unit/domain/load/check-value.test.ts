import { describe, expect, test } from 'vitest'
import { checkFor } from '#domain/load/check-value'
import { Problem } from '#domain/load/problem'
import type { ColumnKind } from '#domain/load/table-shape'

const BIGINT: ColumnKind = { type: 'integer', min: -(2n ** 63n), max: 2n ** 63n - 1n }
const UNSIGNED: ColumnKind = { type: 'integer', min: 0n, max: 2n ** 64n - 1n }
const TINYINT: ColumnKind = { type: 'integer', min: -128n, max: 127n }
const PRICE: ColumnKind = { type: 'decimal', digits: 6, scale: 2, unsigned: false }
const WHOLE: ColumnKind = { type: 'decimal', digits: 3, scale: 0, unsigned: true }
const DATETIME: ColumnKind = { type: 'datetime', fraction: 0 }
const PRECISE: ColumnKind = { type: 'datetime', fraction: 3 }
const VARCHAR3: ColumnKind = { type: 'text', maxCharacters: 3, maxBytes: null, padded: false }
const CHAR3: ColumnKind = { type: 'text', maxCharacters: 3, maxBytes: null, padded: true }
const TEXT4: ColumnKind = { type: 'text', maxCharacters: null, maxBytes: 4, padded: false }
const COLOUR: ColumnKind = { type: 'enum', members: ['red', 'Grün', "it's"] }
const SIZES: ColumnKind = { type: 'set', members: ['S', 'M', 'L'] }

/** Text in and out as the checks see it: a character per byte. */
const latin1 = (text: string): string => Buffer.from(text).toString('latin1')
const result = (kind: ColumnKind, value: string): string | Problem => {
  const checked = checkFor(kind)(latin1(value))
  return typeof checked === 'string' ? Buffer.from(checked, 'latin1').toString() : checked
}

describe('is stored, and printed like this', () => {
  test.each<[ColumnKind, string, string]>([
    [BIGINT, '7', '7'],
    [BIGINT, '0', '0'],
    [BIGINT, '-0', '0'],
    [BIGINT, '+007', '7'],
    [BIGINT, ' -12 ', '-12'],
    [BIGINT, '9223372036854775807', '9223372036854775807'],
    [BIGINT, '-9223372036854775808', '-9223372036854775808'],
    [UNSIGNED, '18446744073709551615', '18446744073709551615'],
    [TINYINT, '-128', '-128'],
    [PRICE, '49.99', '49.99'],
    [PRICE, '49.9', '49.90'],
    [PRICE, '.5', '0.50'],
    [PRICE, '-0', '0.00'],
    [PRICE, '-0.01', '-0.01'],
    [PRICE, '0009999.9900', '9999.99'],
    [WHOLE, '12.000', '12'],
    [{ type: 'float' }, '0.1', String(Math.fround(0.1))],
    [{ type: 'double' }, '1e3', '1000'],
    [DATETIME, '2013-12-31 23:59:59', '2013-12-31 23:59:59'],
    [DATETIME, '2013-12-31T23:59:59', '2013-12-31 23:59:59'],
    [DATETIME, '2013-12-31', '2013-12-31 00:00:00'],
    [DATETIME, '2013-12-31 23:59:59.000', '2013-12-31 23:59:59'],
    [DATETIME, '2012-02-29 00:00:00', '2012-02-29 00:00:00'],
    [DATETIME, '2000-02-29 00:00:00', '2000-02-29 00:00:00'],
    [PRECISE, '2013-12-31 23:59:59.5', '2013-12-31 23:59:59.500'],
    [PRECISE, '2013-12-31', '2013-12-31 00:00:00.000'],
    [{ type: 'date' }, '2013-12-31', '2013-12-31'],
    [{ type: 'date' }, '2013-12-31 00:00:00', '2013-12-31'],
    [{ type: 'time', fraction: 0 }, '-7:05:00', '-07:05:00'],
    [{ type: 'time', fraction: 2 }, '838:59:59.1', '838:59:59.10'],
    [{ type: 'year' }, '2012', '2012'],
    [VARCHAR3, 'äöü', 'äöü'],
    [VARCHAR3, '🧸🧸🧸', '🧸🧸🧸'],
    [VARCHAR3, 'a  ', 'a  '],
    [CHAR3, 'a  ', 'a'],
    [CHAR3, 'abc   ', 'abc'],
    [TEXT4, '🧸', '🧸'],
    [COLOUR, 'RED', 'red'],
    [COLOUR, 'grün', 'Grün'],
    [SIZES, 'L,S', 'S,L'],
    [SIZES, '', ''],
  ])('%o %j', (kind, value, printed) => {
    expect(result(kind, value)).toBe(printed)
  })
})

describe('is a problem', () => {
  test.each<[ColumnKind, string, string]>([
    [BIGINT, '9223372036854775808', 'is outside'],
    [BIGINT, '1.0', 'is no whole number'],
    [BIGINT, '', 'is no whole number'],
    [BIGINT, '1e3', 'is no whole number'],
    [BIGINT, '0x10', 'is no whole number'],
    [BIGINT, '１２', 'is no whole number'],
    [UNSIGNED, '-1', 'is outside'],
    [TINYINT, '128', 'is outside'],
    [PRICE, '10000', 'has more than 4 digits before'],
    [PRICE, '49.999', 'has more than 2 digits behind'],
    [PRICE, '$49.99', 'is no decimal number'],
    [PRICE, '49,99', 'is no decimal number'],
    [PRICE, '.', 'is no decimal number'],
    [PRICE, '', 'is no decimal number'],
    [WHOLE, '-1', 'is negative'],
    [{ type: 'double' }, 'Infinity', 'is no number'],
    [{ type: 'double' }, '0x1', 'is no number'],
    [{ type: 'double' }, '1e999', 'is too large'],
    [{ type: 'float' }, '1e39', 'is too large'],
    [DATETIME, '2013-02-29 00:00:00', 'is no date and time'],
    [DATETIME, '1900-02-29 00:00:00', 'is no date and time'],
    [DATETIME, '2013-13-01 00:00:00', 'is no date and time'],
    [DATETIME, '2013-00-01 00:00:00', 'is no date and time'],
    [DATETIME, '0000-00-00 00:00:00', 'is no date and time'],
    [DATETIME, '2013-12-31 24:00:00', 'is no date and time'],
    [DATETIME, '2013-12-31 23:59:60', 'is no date and time'],
    [DATETIME, '2013-12-31 23:59', 'is no date and time'],
    [DATETIME, '2013-12-31 23:59:59Z', 'is no date and time'],
    [DATETIME, '31.12.2013 23:59:59', 'is no date and time'],
    [DATETIME, '2013-12-31 23:59:59.5', 'has more than 0 digits of a second'],
    [PRECISE, '2013-12-31 23:59:59.0001', 'has more than 3 digits of a second'],
    [{ type: 'date' }, '2013-12-31 00:00:01', 'is no date'],
    [{ type: 'time', fraction: 0 }, '839:00:00', 'is no time'],
    [{ type: 'year' }, '1900', 'is no year'],
    [VARCHAR3, 'abcd', 'has 4 characters, 3 fit'],
    [VARCHAR3, '🧸🧸🧸🧸', 'has 4 characters, 3 fit'],
    [TEXT4, 'abcde', 'has 5 bytes, 4 fit'],
    [COLOUR, 'blue', "is none of red, Grün, it's"],
    [COLOUR, '', 'is none of'],
    [SIZES, 'S,XL', 'is no set of S, M, L'],
  ])('%o %j', (kind, value, reason) => {
    expect(result(kind, value)).toEqual(new Problem(expect.stringContaining(reason)))
  })

  test('bytes that are no UTF-8', () => {
    for (const bytes of ['\xe9', '\xc3', '\xed\xa0\x80', '\xf8\x88\x80\x80\x80']) {
      expect(checkFor(VARCHAR3)(bytes)).toEqual(new Problem('is not valid UTF-8'))
    }
  })
})
