import { expect, test } from 'vitest'
import type { Manifest } from '#domain/backup/manifest'
import type { RestoreTarget } from '#engine/logical-writer'
import { patternFindings } from '#workflow/restore/pattern-findings'

const PATTERNS = [
  'GRANT SELECT ON `shop%`.* TO `ann`@`%`',
  'GRANT SELECT ON `shop\\_eu`.* TO `ann`@`%`',
  'GRANT SELECT ON `shop_eu`.* TO `ann`@`%`',
]
const OTHERS = [
  'GRANT USAGE ON *.* TO `ann`@`%`',
  'GRANT SELECT ON `shop`.* TO `ann`@`%`',
  'GRANT SELECT ON `shop_eu`.`t_1` TO `ann`@`%`',
  'GRANT EXECUTE ON PROCEDURE `shop_eu`.`p` TO `ann`@`%`',
  'GRANT PROXY ON `a_b`@`%` TO `ann`@`%`',
  'GRANT `a_b`@`%` TO `ann`@`%`',
]
const ann = { user: 'ann', host: '%', kind: 'account' as const }

const findings = (
  was: string | undefined,
  is: string | undefined,
  made = [ann],
  names = ['shop_eu', 'shop_fr', 'shop1eu'],
): string[] => {
  const settings = (value: string | undefined) => (value ? { partial_revokes: value } : {})
  const accounts = [{ ...ann, create: [], grants: [...OTHERS, ...PATTERNS] }]
  const manifest = {
    settings: settings(was),
    accounts,
    databases: names.map(name => ({ name, create: '' })),
  } as unknown as Manifest
  const target = { settings: settings(is) } as unknown as RestoreTarget
  return patternFindings(target, manifest, { databases: [], accounts: made })
}

test('another partial_revokes than the source had gives grants on patterns another meaning', () => {
  for (const [was, is] of [
    ['OFF', 'ON'],
    ['ON', 'OFF'],
  ]) {
    const [told = ''] = findings(was, is)
    expect(told).toContain(`partial_revokes was ${was} on the source and is ${is} here`)
    expect(told.endsWith(PATTERNS.join('; '))).toBe(true)
  }
})

test('a name with "_" that was a pattern, and opened no other database, opens the same one as a name', () => {
  const [told = ''] = findings('OFF', 'ON', [ann], ['shop_eu', 'shop1fr', 'shop_eu2'])
  expect(told.endsWith(PATTERNS.slice(0, 2).join('; '))).toBe(true)
  const [back = ''] = findings('ON', 'OFF', [ann], ['shop_eu'])
  expect(back.endsWith(PATTERNS.join('; '))).toBe(true)
})

test('the same one does not, nor MariaDB, which has none, nor an account that stays', () => {
  expect([findings('ON', 'ON'), findings(undefined, undefined), findings('OFF', 'ON', [])]).toEqual(
    [[], [], []],
  )
})
