import type { HardeningFacts } from '../hardening/facts.ts'
import { wantsHashesRefused } from '../hardening/hashes-in-log.ts'
import { evidenceOf, isOn, numberOf, variable } from '../hardening/variables.ts'
import type { PasswordPolicy } from './password-policy.ts'
import { atLeast, departs, kept, type ServerRule, withoutExpiry } from './server-rule.ts'

/**
 * The policy and the server, rule by rule. MySQL has validate_password, password_history and a
 * lockout of each account; MariaDB simple_password_check, password_reuse_check, one lockout for
 * all, and cracklib where its package is installed.
 */
export function serverRules(policy: PasswordPolicy, facts: HardeningFacts): ServerRule[] {
  const own = facts.family === 'mysql' ? onMysql(policy, facts) : onMariadb(policy, facts)
  return [...own, ...ofEcomdbAlone(policy, facts), withoutExpiry(facts)]
}

const LENGTH = ({ minLength }: PasswordPolicy): string => `at least ${minLength} characters`

interface Kinds {
  /** Both kinds of letters: neither server can ask for one of them alone. */
  letters: number
  digits: number
  others: number
}

function kindsOf({ requires }: PasswordPolicy): Kinds {
  return {
    letters: requires.upper && requires.lower ? 1 : 0,
    digits: requires.digit ? 1 : 0,
    others: requires.special ? 1 : 0,
  }
}

/** The rules on kinds of characters: `names` are the server's variables for them. */
function onKinds(
  policy: PasswordPolicy,
  facts: HardeningFacts,
  names: Record<keyof Kinds, string>,
): ServerRule[] {
  const { upper, lower } = policy.requires
  const wanted = kindsOf(policy)
  const ask = (count: number, what: string): string => (count > 0 ? what : `not: ${what}`)
  const letters = [
    atLeast(facts, 'upper', ask(wanted.letters, 'a capital'), names.letters, wanted.letters),
    atLeast(facts, 'lower', ask(wanted.letters, 'a small letter'), names.letters, wanted.letters),
  ]
  const one = upper ? 'upper' : 'lower'
  const alone = kept(one, 'one kind of letters', 'it asks for both or for none', 'ecomdb alone')
  return [
    atLeast(facts, 'digit', ask(wanted.digits, 'a digit'), names.digits, wanted.digits),
    ...(upper === lower ? letters : [alone]),
    atLeast(facts, 'special', ask(wanted.others, 'a special one'), names.others, wanted.others),
  ]
}

function onMysql(policy: PasswordPolicy, facts: HardeningFacts): ServerRule[] {
  const { history, lockout } = policy
  const active = facts.plugins.get('validate_password')?.active
  // The old plugin writes them with an underscore.
  const dot = facts.variables.has('validate_password_policy') ? '_' : '.'
  const named = (name: string): string => `validate_password${dot}${name}`
  const level = named('policy')
  const names = {
    letters: named('mixed_case_count'),
    digits: named('number_count'),
    others: named('special_char_count'),
  }
  const high = !['LOW', '0', ''].includes(variable(facts, level))
  const kinds = 'the kinds of characters are looked at'
  const setLevel = { kind: 'setting', name: level, value: 'MEDIUM' } as const
  const userName = named('check_user_name')
  const setUserName = { kind: 'setting', name: userName, value: 'ON' } as const
  const said = evidenceOf(facts, userName).detail
  return [
    ...(active ? [] : [missing('validate_password')]),
    high
      ? kept('level', kinds, evidenceOf(facts, level).detail, 'same')
      : departs('level', kinds, evidenceOf(facts, level).detail, [setLevel]),
    atLeast(facts, 'length', LENGTH(policy), named('length'), policy.minLength),
    ...onKinds(policy, facts, names),
    isOn(facts, userName)
      ? kept(
          'names',
          NO_NAMES,
          `${said}: it knows the name of who sets it, and of nobody else`,
          'in part',
        )
      : departs('names', NO_NAMES, said, [setUserName]),
    atLeast(facts, 'history', `none of the last ${history}`, 'password_history', history),
    kept(
      'lockout',
      `no answer after ${lockout.attempts} wrong ones`,
      'each account has a limit of its own: ecomdb sets it for people, and H16 of `harden check` names the others',
      'in part',
    ),
    kept('hashes', 'no hash in the place of a password', 'it takes one unseen', 'ecomdb alone'),
  ]
}

const NO_NAMES = 'no name of the person in it'

function missing(name: string): ServerRule {
  const remedy = { kind: 'install', name } as const
  return departs('installed', 'a password is looked at', `${name} is not installed`, [remedy])
}

function onMariadb(policy: PasswordPolicy, facts: HardeningFacts): ServerRule[] {
  const active = facts.plugins.get('simple_password_check')?.active
  const names = {
    letters: 'simple_password_check_letters_same_case',
    digits: 'simple_password_check_digits',
    others: 'simple_password_check_other_characters',
  }
  const length = 'simple_password_check_minimal_length'
  return [
    ...(active ? [] : [missing('simple_password_check')]),
    atLeast(facts, 'length', LENGTH(policy), length, policy.minLength),
    ...onKinds(policy, facts, names),
    ...(active
      ? [kept('names', NO_NAMES, 'it refuses the name of the account alone', 'in part')]
      : []),
    ...reuse(policy, facts),
    mariadbLockout(policy, facts),
    hashes(facts),
  ]
}

/** MariaDB counts days, and not passwords; 0 is for ever. */
function reuse({ history }: PasswordPolicy, facts: HardeningFacts): ServerRule[] {
  if (history === 0) return []
  const policy = `none of the last ${history}`
  const plugin = 'password_reuse_check'
  const interval = `${plugin}_interval`
  if (!facts.plugins.get(plugin)?.active) {
    const install = { kind: 'install', name: plugin } as const
    return [departs('history', policy, `${plugin} is not installed`, [install])]
  }
  if (numberOf(facts, interval) === 0) {
    return [kept('history', policy, 'none is ever used again', 'stricter')]
  }
  const setting = { kind: 'setting', name: interval, value: '0' } as const
  return [departs('history', policy, evidenceOf(facts, interval).detail, [setting])]
}

function mariadbLockout({ lockout }: PasswordPolicy, facts: HardeningFacts): ServerRule {
  const name = 'max_password_errors'
  const limit = numberOf(facts, name)
  const policy = `no answer after ${lockout.attempts} wrong ones`
  const server = evidenceOf(facts, name).detail
  if (limit > 0 && limit <= lockout.attempts) {
    return kept('lockout', policy, server, limit < lockout.attempts ? 'stricter' : 'same')
  }
  const value = String(lockout.attempts)
  return departs('lockout', policy, server, [{ kind: 'setting', name, value }])
}

/** Where hashes are refused, MariaDB must be told passwords as they are, and logs them so. */
function hashes(facts: HardeningFacts): ServerRule {
  const name = 'strict_password_validation'
  const wanted = wantsHashesRefused(facts)
  const policy = wanted
    ? 'no hash in the place of a password'
    : 'no password as it is in the binary log, so hashes are taken'
  const server = evidenceOf(facts, name).detail
  if (isOn(facts, name) === wanted) {
    return kept('hashes', policy, server, wanted ? 'same' : 'ecomdb alone')
  }
  const setting = { kind: 'setting', name, value: wanted ? 'ON' : 'OFF' } as const
  return departs('hashes', policy, server, [setting])
}

/** What no server has a rule for. */
function ofEcomdbAlone(policy: PasswordPolicy, facts: HardeningFacts): ServerRule[] {
  const none = 'it has no such rule'
  const cracklib = facts.plugins.get('cracklib_password_check')?.active
  const words = facts.family === 'mysql' ? none : 'cracklib_password_check is not installed'
  const strength = cracklib ? 'cracklib_password_check looks at its words' : words
  const verdict = cracklib ? 'in part' : 'ecomdb alone'
  return [
    kept('max_length', `at most ${policy.maxLength} characters`, none, 'ecomdb alone'),
    kept('repeats', `${policy.maxRepeat} equal in a row at most`, none, 'ecomdb alone'),
    kept('runs', `runs of ${policy.maxRun} at most`, none, 'ecomdb alone'),
    kept('strength', `strength ${policy.minScore} of 4`, strength, verdict),
    kept('breached', 'none that is known', strength, verdict),
  ]
}
