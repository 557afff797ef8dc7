import { expect, test } from 'vitest'
import { accountLevel, type EnforcedAccount, enforcementOf } from '#domain/credential/enforcement'

const account = (change: Partial<EnforcedAccount> = {}): EnforcedAccount => ({
  ...{ user: 'alice', host: 'localhost', kind: 'identity', exists: true, locked: true, rights: 0 },
  ...change,
})
const adopted = (change: Partial<EnforcedAccount> = {}): EnforcedAccount =>
  account({ kind: 'adopted', user: 'old', ...change })

test.each<[string, EnforcedAccount, 'active' | 'renew' | null, 0 | 2 | null]>([
  ['an identity account with a second factor', account(), 'active', 2],
  ['an identity account without one', account(), null, null],
  ['one that must be enrolled again', account(), 'renew', null],
  ['an identity account that somebody unlocked', account({ locked: false }), 'active', 0],
  ['a session account', account({ kind: 'session', locked: false }), 'active', 2],
  ['an account of before that is open', adopted({ locked: false }), 'active', 0],
  ['an account of before that is locked', adopted(), 'active', null],
  ['one that is gone', account({ exists: false, locked: false }), 'active', null],
])('%s', (_what, one, totp, level) => {
  expect(accountLevel(one, totp)).toBe(level)
})

test('a person is as safe as the least safe of their accounts', () => {
  const open = adopted({ locked: false, rights: 3 })
  expect(enforcementOf([account(), open], 'active')).toEqual({
    level: 0,
    why: "the password alone opens 'old'@'localhost'",
  })
  const locked = enforcementOf([account(), adopted({ rights: 3 })], 'active')
  expect(locked).toMatchObject({ level: 2, why: expect.stringContaining('if it were unlocked') })
  expect(enforcementOf([account()], 'pending')).toMatchObject({ level: null })
  expect(enforcementOf([adopted()], 'active')).toMatchObject({ level: null })
})
