import { expect, test } from 'vitest'
import { loadPasswordPolicy } from '#config/password-policy-file'
import { serverRules } from '#domain/credential/server-rules'
import { HARDENING_CHECKS } from '#domain/hardening/checks'
import type { HardeningFacts } from '#domain/hardening/facts'

const policy = await loadPasswordPolicy({})

function mariadb(variables: Record<string, string | undefined>): HardeningFacts {
  const simple = {
    simple_password_check_minimal_length: '12',
    simple_password_check_digits: '1',
    simple_password_check_letters_same_case: '1',
    simple_password_check_other_characters: '1',
  }
  return {
    ...{ family: 'mariadb', version: '', versionComment: '', me: 'root@localhost' },
    ...{ connection: 'socket', tlsAvailable: false, accounts: [], privileges: [], roleEdges: [] },
    ...{ programs: [], schemas: [], ownDatabases: [], people: [], audited: null, skewMs: 0 },
    variables: new Map(
      Object.entries({ ...simple, ...variables }).map(([name, value]) => [name, value ?? 'OFF']),
    ),
    plugins: new Map([['simple_password_check', { active: true, pinned: false }]]),
  }
}

const STRICT = 'strict_password_validation'

test('MariaDB refuses hashes where that puts no password into a plain binary log', () => {
  const cases = [
    { log_bin: 'OFF', [STRICT]: 'OFF', verdict: 'departs', passes: false },
    { log_bin: 'OFF', [STRICT]: 'ON', verdict: 'same', passes: true },
    { log_bin: 'ON', encrypt_binlog: 'ON', [STRICT]: 'OFF', verdict: 'departs', passes: false },
    { log_bin: 'ON', encrypt_binlog: 'OFF', [STRICT]: 'ON', verdict: 'departs', passes: true },
    {
      log_bin: 'ON',
      encrypt_binlog: 'OFF',
      [STRICT]: 'OFF',
      verdict: 'ecomdb alone',
      passes: true,
    },
  ]
  const h14 = HARDENING_CHECKS.find(({ id }) => id === 'H14')
  for (const { verdict, passes, ...variables } of cases) {
    const facts = mariadb(variables)
    const found = serverRules(policy, facts).find(({ rule }) => rule === 'hashes')
    expect(found, JSON.stringify(variables)).toMatchObject({ verdict })
    const judged = h14?.judge(facts, {
      ...{ administrators: [], mayHold: [], idleSeconds: 900, passwordLength: 12, waivers: [] },
    })
    expect(judged?.verdict, JSON.stringify(variables)).toBe(passes ? 'pass' : 'fail')
  }
})

test('a stricter server departs from nothing, and one kind of letters is for ecomdb alone', () => {
  const facts = mariadb({ simple_password_check_minimal_length: '20' })
  const one = { ...policy, requires: { ...policy.requires, lower: false } }
  const rules = serverRules(one, facts)
  expect(rules.find(({ rule }) => rule === 'length')).toMatchObject({ verdict: 'stricter' })
  expect(rules.find(({ rule }) => rule === 'upper')).toMatchObject({ verdict: 'ecomdb alone' })
  expect(rules.find(({ rule }) => rule === 'lower')).toBeUndefined()
})
