import { countOf, formatDuration } from '#core/units'
import type { PasswordPolicy } from '#domain/credential/password-policy'
import type { PolicyReport } from '#domain/credential/policy-report'
import { alignColumns } from './align-columns.ts'

/** `ecomdb policy show` for people. */
export function policyText({ password, totp, departures }: PolicyReport): string {
  const { session } = totp
  const departed = departures.map(({ rule, here, standard, says }) => [
    `  ${rule}`,
    here,
    `${standard}, ${says}`,
  ])
  return [
    `passwords (${password.file})`,
    ...passwordLines(password).map(line => `  ${line}`),
    `second factor (${totp.file})`,
    `  a session lasts ${formatDuration(session.lastsMs)} at most, with ${countOf(session.connections, 'connection')}`,
    departures.length > 0 ? 'departs from' : 'departs from no standard that ecomdb knows',
    alignColumns(departed, ['left', 'left', 'left']),
  ]
    .filter(Boolean)
    .join('\n')
}

function passwordLines(policy: PasswordPolicy): string[] {
  const { minLength, maxLength, requires, maxRepeat, maxRun, lockout } = policy
  const kinds = Object.entries(requires).flatMap(([kind, wanted]) => (wanted ? [kind] : []))
  return [
    `${minLength} to ${maxLength} characters`,
    ...(kinds.length > 0 ? [`at least one ${kinds.join(', ')}`] : []),
    maxRepeat === 1
      ? 'no character twice in a row'
      : `a character ${maxRepeat} times in a row at most`,
    `runs (abc, 321, qwe) of ${maxRun} at most`,
    `strength ${policy.minScore} of 4 (zxcvbn), with names and ${countOf(policy.words.length, 'word')} of the shop known`,
    `none of the last ${policy.history}`,
    `none of the 30,000 commonest${policy.breachListFile ? `, nor of ${policy.breachListFile}` : ''}`,
    'no expiry',
    `MySQL refuses after ${lockout.attempts} wrong ones`,
  ]
}
