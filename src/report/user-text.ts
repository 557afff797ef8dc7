import type { Enrolment, PasswordChange, UserReport } from '#domain/credential/user-report'
import { alignColumns } from './align-columns.ts'

/** `ecomdb user list` for people. */
export function userListText({ people }: { people: readonly UserReport[] }): string {
  if (people.length === 0) return 'there is nobody yet: `ecomdb user add`'
  const rows = people.map(({ person, state, secondFactor, enforcement, sessions, fullName }) => [
    person,
    state,
    secondFactor,
    levelText(enforcement.level),
    String(sessions.length),
    fullName,
  ])
  const head = ['PERSON', 'STATE', 'SECOND FACTOR', 'LEVEL', 'SESSIONS', 'NAME']
  return alignColumns([head, ...rows], ['left', 'left', 'left', 'left', 'right', 'left'])
}

/** `ecomdb user show` for people. */
export function userText(report: UserReport): string {
  const { person, fullName, state, secondFactor, enforcement, accounts, sessions } = report
  return [
    `${person} (${fullName}): ${state}`,
    `  enforcement    ${levelText(enforcement.level)}: ${enforcement.why}`,
    `  second factor  ${secondFactor}, ${report.recoveryCodesLeft} recovery codes left`,
    ...(report.attemptsLeft === null
      ? []
      : [`  attempts left  ${report.attemptsLeft}${blockedText(report.blockedUntil)}`]),
    ...accounts.map(
      ({ user, host, kind, exists, locked, rights, level }) =>
        `  account        '${user}'@'${host}' (${kind}): ${exists ? (locked ? 'locked' : 'OPEN') : 'MISSING'}, ${rights} rights, ${levelText(level)}`,
    ),
    ...sessions.map(
      ({ user, host, since, until }) =>
        `  session        '${user}'@'${host}' since ${since}, until ${until}`,
    ),
  ].join('\n')
}

function blockedText(until: string | null): string {
  return until === null ? '' : `, waits until ${until}`
}

function levelText(level: UserReport['enforcement']['level']): string {
  return level === null ? 'no login' : `level ${level}`
}

/** `ecomdb user add` and `passwd` for people. */
export function passwordChangeText(verb: string, change: PasswordChange): string {
  const { person, account, generatedPassword } = change
  return [
    `${verb} ${person}: ${account}, locked; it holds the password and no rights`,
    ...(generatedPassword === null
      ? []
      : [`password: ${generatedPassword}`, 'it is shown this once, and kept nowhere']),
  ].join('\n')
}

/** `ecomdb user enroll` and `recovery` for people; a QR code goes above. */
export function enrolmentText({ person, state, otpauthUri, recoveryCodes }: Enrolment): string {
  if (state === 'pending') {
    return [
      otpauthUri ?? '',
      'it is shown this once; it counts as soon as a code of it came back:',
      `\`ecomdb user enroll ${person} --confirm\``,
    ].join('\n')
  }
  return [
    `${person} is enrolled; the code is used up, the next login takes the next one`,
    'recovery codes, each for one login; they are shown this once:',
    ...recoveryCodes.map(code => `  ${code}`),
  ].join('\n')
}
