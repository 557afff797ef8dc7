import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { couldLieIn, isHistoryOf, parseHistory, requireOneGtid } from '#domain/binlog/gtid-history'
import { GtidSet } from '#domain/binlog/gtid-set'
import { GtidState } from '#domain/binlog/gtid-state'

const UUID = '3e11fa47-71ca-11e1-9e33-c80aa9429562'
const OTHER = '4e11fa47-71ca-11e1-9e33-c80aa9429562'

describe('a GTID set of MySQL', () => {
  test('reads and writes what the server writes, tags too', () => {
    const text = `${UUID}:1-5:7:mytag:1-2,\n${OTHER}:3`
    expect(String(GtidSet.parse(text))).toBe(`${UUID}:1-5:7,${UUID}:mytag:1-2,${OTHER}:3`)
    expect(String(GtidSet.parse(''))).toBe('')
    expect(String(GtidSet.parse(`${UUID.toUpperCase()}:4-6:1-3:5`))).toBe(`${UUID}:1-6`)
  })

  test('what is none is refused', () => {
    for (const text of [
      '0-1-5',
      UUID,
      `${UUID}:0`,
      `${UUID}:5-3`,
      `${UUID}:a b`,
      'x:1',
      `${UUID}:-1`,
    ]) {
      expect(() => GtidSet.parse(text), text).toThrow('is not a GTID set of MySQL')
    }
  })

  test('is the set of its numbers, whatever the order in which they came', () => {
    const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 60 })
    fc.assert(
      fc.property(numbers, numbers, (own, others) => {
        const set = new GtidSet()
        for (const number of own) set.record(`${UUID}:${number}`)
        const other = new GtidSet()
        for (const number of others) other.record(`${UUID}:${number}`)
        const left = own.filter(number => !others.includes(number))
        expect(String(GtidSet.parse(String(set)))).toBe(String(set))
        for (const number of own) expect(set.has(`${UUID}:${number}`)).toBe(true)
        expect(set.minus(other).isEmpty()).toBe(left.length === 0)
        for (let n = 1; n <= 60; n += 1) {
          expect(set.minus(other).has(`${UUID}:${n}`)).toBe(left.includes(n))
        }
        expect(other.covers(String(set))).toBe(left.length === 0)
      }),
    )
  })
})

describe('a GTID state of MariaDB', () => {
  test('has the last of each domain last, as gtid_binlog_state has', () => {
    const state = GtidState.parse('0-1-100,0-2-50,1-1-7')
    expect(state.position()).toBe('0-2-50,1-1-7')
    state.record('0-1-101')
    expect(state.position()).toBe('0-1-101,1-1-7')
    expect(String(state)).toBe('0-2-50,1-1-7,0-1-101')
  })

  test('covers what it has come to, in every domain that is named', () => {
    const state = GtidState.parse('0-1-100,1-1-7')
    expect(state.covers('0-1-100')).toBe(true)
    expect(state.covers('0-1-99,1-1-7')).toBe(true)
    expect(state.covers('0-1-101')).toBe(false)
    expect(state.covers('0-2-1')).toBe(false)
    expect(() => state.covers(`${UUID}:1`)).toThrow('is not a GTID position of MariaDB')
  })
})

const segment = (engine: 'mariadb' | 'mysql', gtidsBefore: string, gtidsAfter: string) => ({
  ...{ engine, gtidsBefore, gtidsAfter },
  transactions: 4,
})

test('a snapshot belongs to a log whose history it has', () => {
  expect(isHistoryOf('mariadb', '0-1-5,0-2-6', '0-2-6')).toBe(true)
  expect(isHistoryOf('mariadb', '0-1-5', '0-1-6')).toBe(false)
  expect(isHistoryOf('mysql', `${UUID}:1-5`, `${UUID}:1-5,${OTHER}:1`)).toBe(true)
  expect(isHistoryOf('mysql', `${UUID}:1-6`, `${UUID}:1-5`)).toBe(false)
  expect(couldLieIn(segment('mariadb', '0-1-5', '0-1-9'), '0-1-7')).toBe(true)
  expect(couldLieIn(segment('mariadb', '0-1-5', '0-1-9'), '0-1-4')).toBe(false)
  expect(couldLieIn(segment('mariadb', '0-1-5', '0-1-9'), '0-1-10')).toBe(false)
  expect(couldLieIn(segment('mariadb', '0-1-5,0-2-3', '0-2-3,0-1-9'), '0-1-7')).toBe(true)
  // Two sources in one domain, and numbers that go back.
  const two = segment('mariadb', '0-2-3,0-1-100', '0-1-104,0-2-3')
  expect(couldLieIn(two, '0-1-103')).toBe(true)
  expect(couldLieIn(two, '0-3-101')).toBe(false)
  const back = segment('mariadb', '0-1-100', '0-1-101')
  expect(couldLieIn(back, '0-1-50')).toBe(true)
  expect(couldLieIn(segment('mysql', `${UUID}:1-5`, `${UUID}:1-9`), `${UUID}:1-4`)).toBe(false)
})

test('the GTID of one transaction', () => {
  requireOneGtid('mysql', `${UUID}:5`)
  requireOneGtid('mysql', `${UUID}:mytag:5`)
  requireOneGtid('mariadb', '0-1-5')
  expect(() => requireOneGtid('mysql', `${UUID}:1-5`)).toThrow('is not the GTID of one')
  expect(() => requireOneGtid('mysql', '0-1-5')).toThrow('is not the GTID of one')
  expect(() => requireOneGtid('mariadb', '0-1')).toThrow('is not the GTID of one')
  expect(String(parseHistory('mysql', `${UUID}:5`))).toBe(`${UUID}:5`)
})
