import { fail, type HardeningCheck, type Judgement } from '../check.ts'
import type { HardeningFacts } from '../facts.ts'
import { wantsHashesRefused } from '../hashes-in-log.ts'
import type { HardenPolicy } from '../policy.ts'
import { isOn, judgeSettings, numberOf, variable, type WantedSetting } from '../variables.ts'

/** The server's own rules bind the one, too, who sets a password without ecomdb. */
export const passwordRules: HardeningCheck = {
  id: 'H14',
  title: 'the server itself refuses weak passwords',
  why: 'a rule that only one tool knows does not hold for who uses another',
  references: ['CIS 7.5', 'PCI DSS 8.3.6', 'ASVS 6.2.1'],
  severity: 'medium',
  judge: (facts, policy) => (facts.family === 'mysql' ? onMysql : onMariadb)(facts, policy),
}

function onMysql(facts: HardeningFacts, { passwordLength }: HardenPolicy): Judgement {
  if (!facts.plugins.get('validate_password')?.active) return missing('validate_password')
  // The old plugin writes them with an underscore.
  const dot = facts.variables.has('validate_password.policy') ? '.' : '_'
  const named = (name: string): string => `validate_password${dot}${name}`
  return judgeSettings(facts, [
    {
      name: named('policy'),
      value: 'MEDIUM',
      holds: !['LOW', '0', ''].includes(variable(facts, named('policy'))),
    },
    ...atLeast(facts, named('length'), passwordLength),
    ...atLeast(facts, named('mixed_case_count'), 1),
    ...atLeast(facts, named('number_count'), 1),
    ...atLeast(facts, named('special_char_count'), 1),
    { name: named('check_user_name'), value: 'ON', holds: isOn(facts, named('check_user_name')) },
  ])
}

function onMariadb(facts: HardeningFacts, { passwordLength }: HardenPolicy): Judgement {
  const simple = facts.plugins.get('simple_password_check')?.active
  const cracklib = facts.plugins.get('cracklib_password_check')?.active
  if (!simple && !cracklib) return missing('simple_password_check')
  return judgeSettings(facts, [
    ...(simple
      ? [
          ...atLeast(facts, 'simple_password_check_minimal_length', passwordLength),
          ...atLeast(facts, 'simple_password_check_digits', 1),
          ...atLeast(facts, 'simple_password_check_letters_same_case', 1),
          ...atLeast(facts, 'simple_password_check_other_characters', 1),
        ]
      : []),
    // Without it a ready-made hash passes unseen; with it, others than ecomdb put passwords in the log.
    {
      name: 'strict_password_validation',
      value: 'ON',
      holds: isOn(facts, 'strict_password_validation') || !wantsHashesRefused(facts),
    },
  ])
}

function missing(name: string): Judgement {
  return fail([{ subject: name, detail: `${name} is not installed` }], [{ kind: 'install', name }])
}

function atLeast(facts: HardeningFacts, name: string, least: number): WantedSetting[] {
  return [{ name, value: String(least), holds: numberOf(facts, name) >= least }]
}
