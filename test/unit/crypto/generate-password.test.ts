import { expect, test } from 'vitest'
import { generatePassphrase, generatePassword } from '#crypto/generate-password'

test('passwords meet the default policy, need no quoting, and do not repeat', () => {
  const passwords = Array.from({ length: 500 }, () => generatePassword().reveal())
  expect(new Set(passwords).size).toBe(passwords.length)
  for (const password of passwords) {
    expect(password).toHaveLength(28)
    expect(password).toMatch(/^[A-Za-z0-9\-_.+%,:=]+$/)
    for (const kind of [/[A-Z]/, /[a-z]/, /\d/, /[^A-Za-z0-9]/]) expect(password).toMatch(kind)
    expect(password).not.toMatch(/(.)\1/i)
    expect(password).not.toMatch(/abc|bcd|cde|xyz|zyx|321|234|345|456|567|678|789|qwe|ewq|asd|zxc/i)
  }
})

test.each([12, 29, 40, 64])('of %i characters, as a policy may ask for', length => {
  const password = generatePassword(length).reveal()
  expect(password).toHaveLength(length)
  expect(password).not.toMatch(/(.)\1/i)
  for (const kind of [/[A-Z]/, /[a-z]/, /\d/, /[^A-Za-z0-9]/]) expect(password).toMatch(kind)
})

test('a passphrase gets as many words as its length takes', () => {
  const words = ['harbor', 'velvet', 'copied', 'tundra']
  expect(generatePassphrase(words).reveal().split('-')).toHaveLength(7)
  const long = generatePassphrase(words, 64).reveal()
  expect(long.length).toBeGreaterThanOrEqual(64)
  expect(long).toMatch(/^[A-Z][a-z]+(-[a-z]+)+-\d$/)
})
