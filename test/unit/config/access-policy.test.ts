import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadAccessPolicy, parseAccessPolicy } from '#config/access-policy-file'
import { accessJsonSchema } from '#config/access-policy-schema'
import { accessPolicyText } from '#config/access-policy-text'
import { EcomdbError } from '#core/errors'
import { packageRoot } from '#core/paths'

// `npm run generate` writes it anew.
test('policies/access.schema.json is what the schema says, and access.yaml keeps to it', async () => {
  const text = `${JSON.stringify(accessJsonSchema(), null, 2)}\n`
  await expect(text).toMatchFileSnapshot(join(packageRoot(), 'policies/access.schema.json'))
  const policy = await loadAccessPolicy({})
  expect([...policy.roles.keys()]).toEqual([
    ...['executive', 'analyst', 'acquirer', 'support_lead', 'auditor', 'dba', 'loader'],
  ])
  expect(policy.roles.get('acquirer')).toMatchObject({
    select: ['monthly_volume', 'monthly_website_traffic'],
    execute: [],
    tables: new Map(),
    maxTtlMs: 30 * 86_400_000,
    approvers: ['executive'],
    tls: 'remote',
  })
  expect(policy).toMatchObject({ revokeShare: 0.2, people: new Map(), applications: new Map() })
})

test('a policy that is written is read as the same', async () => {
  const { file: _file, ...policy } = await loadAccessPolicy({})
  const plain = {
    ...policy,
    roles: new Map([...policy.roles].map(([name, role]) => [name, { ...role, maxTtlMs: null }])),
    people: new Map([
      ['bob', { fullName: 'B: "x"', email: null, accounts: ['bob@10.%'], roles: ['dba'] }],
    ]),
  }
  expect(parseAccessPolicy(accessPolicyText(plain), 'x')).toEqual(plain)
})

function mistakes(text: string): string[] {
  try {
    parseAccessPolicy(text, 'access.yaml')
    return []
  } catch (error) {
    if (error instanceof EcomdbError) return (error.why ?? '').split('\n')
    throw error
  }
}

test.each([
  [
    'roles:\n  analyst:\n    selct: [v]\n',
    'access.yaml:3:5: roles.analyst.selct: unknown key; did you mean "select"?',
  ],
  [
    'roles:\n  analyst:\n    tables: {orders: [SELECT]}\n',
    'access.yaml:3:13: roles.analyst.tables: people reach views and procedures only; give views by select, procedures by execute, or say held_by: applications, or an exception',
  ],
  [
    'people:\n  alice:\n    roles: [analyst]\n',
    'access.yaml:3:13: people.alice.roles: there is no role analyst in this policy',
  ],
  [
    'roles:\n  etl: {held_by: applications}\npeople:\n  alice: {roles: [etl]}\n',
    'access.yaml:4:19: people.alice.roles: etl is held by applications, not by people',
  ],
  [
    'applications:\n  web: {owner: x, accounts: [w@h, w@H]}\n',
    'access.yaml:2:35: applications.web.accounts: w@H stands in this policy twice',
  ],
  [
    'applications:\n  web: {owner: x, accounts: [web]}\n',
    'access.yaml:2:30: applications.web.accounts.0: expected an account like alice@localhost, got "web"',
  ],
  [
    'applications:\n  web: {owner: x, accounts: [w@h], rights: [SELECT shop]}\n',
    'access.yaml:2:45: applications.web.rights.0: expected a right like "SELECT (name) ON shop.users" or "EXECUTE ON PROCEDURE shop.p", got "SELECT shop"',
  ],
])('%j is told with its place', (text, mistake) => {
  expect(mistakes(text)).toEqual([mistake])
})

test('a name that cannot be one is told', () => {
  expect(mistakes('people:\n  Alice: {}\n').join()).toContain('at most 31 small letters')
  expect(mistakes('roles:\n  NONE: {}\n').join()).toContain('at most 32 letters')
})
