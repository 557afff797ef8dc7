import { loginAccounts } from '../accounts.ts'
import { fail, failIf, type HardeningCheck, type Judgement } from '../check.ts'
import type { AccountFact, HardeningFacts } from '../facts.ts'
import { evidenceOf, numberOf } from '../variables.ts'

/** PCI DSS asks for four, CIS for five. */
const LAST = 5
const DAYS = 365

export const passwordReuse: HardeningCheck = {
  id: 'H15',
  title: 'a password cannot be used again',
  why: 'a changed password that may be changed back is no change',
  references: ['CIS 2.8', 'PCI DSS 8.3.7'],
  severity: 'low',
  judge: facts => (facts.family === 'mysql' ? onMysql : onMariadb)(facts),
}

function onMysql(facts: HardeningFacts): Judgement {
  const history = numberOf(facts, 'password_history')
  const days = numberOf(facts, 'password_reuse_interval')
  if (history < LAST && days < DAYS) {
    return fail(
      [evidenceOf(facts, 'password_history'), evidenceOf(facts, 'password_reuse_interval')],
      [{ kind: 'setting', name: 'password_history', value: String(LAST) }],
    )
  }
  const looser = loginAccounts(facts).filter(
    account =>
      (account.passwordHistory ?? history) < LAST && (account.passwordReuseDays ?? days) < DAYS,
  )
  return failIf(
    looser.map(({ name }: AccountFact) => ({ subject: name, detail: `${name} has a looser rule` })),
    looser.map(({ name }) => ({
      kind: 'advice',
      text: `let ${name} follow the global rule: PASSWORD HISTORY DEFAULT PASSWORD REUSE INTERVAL DEFAULT`,
    })),
    { subject: 'password_history', detail: `the last ${history}, and those of ${days} days` },
  )
}

function onMariadb(facts: HardeningFacts): Judgement {
  const name = 'password_reuse_check'
  if (!facts.plugins.get(name)?.active) {
    return fail(
      [{ subject: name, detail: `${name} is not installed` }],
      [{ kind: 'install', name }],
    )
  }
  // 0: for ever.
  const interval = 'password_reuse_check_interval'
  const days = numberOf(facts, interval)
  return failIf(
    days === 0 || days >= DAYS ? [] : [evidenceOf(facts, interval)],
    [{ kind: 'setting', name: interval, value: '0' }],
    { subject: name, detail: days === 0 ? 'none is ever used again' : `not within ${days} days` },
  )
}
