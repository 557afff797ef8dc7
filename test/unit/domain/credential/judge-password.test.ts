import fc from 'fast-check'
import { expect, test } from 'vitest'
import { judgePassword } from '#domain/credential/judge-password'
import type { PasswordFacts, PasswordPolicy } from '#domain/credential/password-policy'
import { departures } from '#domain/credential/policy-departures'
import { longestRepeat, longestRun } from '#domain/credential/sequences'

const POLICY: PasswordPolicy = {
  minLength: 12,
  maxLength: 128,
  requires: { digit: true, upper: true, lower: true, special: true },
  maxRepeat: 1,
  maxRun: 2,
  minScore: 3,
  history: 5,
  words: ['panda'],
  breachListFile: null,
  lockout: { attempts: 10, days: 1 },
}
const FACTS: PasswordFacts = { score: 4, isBreached: false, isInHistory: false, names: [] }

const rules = (password: string, facts: Partial<PasswordFacts> = {}, policy = POLICY): string[] =>
  judgePassword(password, policy, { ...FACTS, ...facts }).map(({ rule }) => rule)

test('all reasons come at once', () => {
  expect(rules('')).toEqual(['length', 'digit', 'upper', 'lower', 'special'])
  expect(rules('aabc', { score: 0, isBreached: true, isInHistory: true })).toEqual([
    ...['length', 'digit', 'upper', 'special', 'repeats', 'runs'],
    ...['strength', 'breached', 'history'],
  ])
})

test.each([
  ['Vk7-mQx2.tRw9', []],
  ['Vk7-mQx2.tRw', []],
  ['Vk7-mQx2.tR', ['length']],
  ['Vk7-mQQ2.tRw9', ['repeats']],
  ['Vk7-mqQ2.tRw9', ['repeats']],
  ['Vk7-ABc2.tRw9', ['runs']],
  ['Vk7-321w.tRw9', ['runs']],
  ['Vk7-ab2q.tRw9', []],
  ['Vk7-QwEx.tRm9', ['runs']],
  ['Vk7-mnbx.tRw9', ['runs']],
  ['Vk7-mQ\u0000.tRw9z', ['characters']],
  ['Vk7-mQx2.tRw9 ', ['characters']],
  ['Vk7-mQ Panda9', ['names']],
  ['Ѩk7-mQx2.tRw9', []],
  ['🐻🐼Vk7-mQ2.t', ['length']],
])('%j: %j', (password, expected) => {
  expect(rules(password)).toEqual(expected)
})

test('the names of the person are found in any case, also in part', () => {
  const names = ['alice', 'Alice van Dyck', 'a.vandyck@shop.example']
  expect(rules('Vk7-aLiCe.tRw9', { names })).toEqual(['names'])
  expect(rules('Vk7-vanDycK.tR9', { names })).toEqual(['names'])
  // "van" is too short to be held against anybody.
  expect(rules('Vk7-vanQ.tRw9x', { names })).toEqual([])
})

test('eight characters are the least, whatever a policy says', () => {
  const lax = { ...POLICY, minLength: 1 }
  expect(rules('Vk7-mQx', {}, lax)).toEqual(['length'])
  expect(rules('Vk7-mQx2', {}, lax)).toEqual([])
})

test('no message holds the password, or a part of it', () => {
  const text = fc.string({ minLength: 4, maxLength: 40, unit: 'grapheme' })
  fc.assert(
    fc.property(text, password => {
      const facts = { score: 0, isBreached: true, isInHistory: true, names: ['wxyzzy'] }
      const messages = judgePassword(password, POLICY, { ...FACTS, ...facts })
        .map(({ message }) => message)
        .join('\n')
      const fixed = judgePassword('', POLICY, { ...FACTS, ...facts })
        .concat(judgePassword('aaabcd\n wxyzzy', POLICY, { ...FACTS, ...facts }))
        .map(({ message }) => message)
        .join('\n')
      // Words of the messages themselves may be part of a password.
      return fixed.includes(password) || !messages.replace(/\d+/g, '').includes(password)
    }),
  )
})

test('a repeat and a run are found wherever they stand, in both directions and any case', () => {
  const clean = fc.stringMatching(/^(?:[gz][27])*$/)
  const rows = ['abcdefghijklmnopqrstuvwxyz', '0123456789', 'qwertyuiop', 'asdfghjkl', 'zxcvbnm']
  const run = fc
    .tuple(fc.constantFrom(...rows), fc.nat(20), fc.integer({ min: 3, max: 6 }), fc.boolean())
    .map(([row, at, length, back]) => {
      const part = row.slice(Math.min(at, row.length - length)).slice(0, length)
      return back ? [...part].reverse().join('') : part
    })
  fc.assert(
    fc.property(clean, run, clean, fc.boolean(), (before, middle, after, upper) => {
      const text = `${before}-${upper ? middle.toUpperCase() : middle}-${after}`
      expect(longestRun(text)).toBe(middle.length)
      expect(longestRun(before)).toBeLessThan(3)
    }),
  )
  fc.assert(
    fc.property(clean, fc.integer({ min: 2, max: 9 }), clean, (before, times, after) => {
      expect(longestRepeat(`${before}${'xX'.repeat(times).slice(0, times)}${after}`)).toBe(times)
    }),
  )
})

test('the default departs from both standards, and a policy of length alone from none', () => {
  const found = departures(POLICY)
  expect(new Set(found.map(({ rule }) => rule))).toEqual(
    new Set(['composition', 'sequences', 'length']),
  )
  const none = { digit: false, upper: false, lower: false, special: false }
  const plain = { ...POLICY, requires: none, maxRepeat: 128, maxRun: 128, minLength: 15 }
  expect(departures(plain)).toEqual([])
})
