import type { Clock } from '#core/clock'
import { EcomdbError } from '#core/errors'
import type { Progress } from '#core/progress'
import type { Secret } from '#core/secret'
import type { OperatorCommand } from '#domain/credential/operator-commands'
import { CODE } from '#domain/credential/totp'
import type { Session } from '#engine/session'
import { asAdministrator, type PeopleServer } from './people.ts'
import { countAttempt, type FactorPorts, useCode, useRecoveryCode } from './second-factor.ts'

export interface Operator {
  /** The handle of whoever runs the command. */
  person: string
  /** Whose code counts; empty: of anybody who is enrolled. */
  people: readonly string[]
  /** Asked for when it is needed, and not before. */
  code: () => Promise<Secret>
  totpKey: Secret
  clock: Clock
}

/**
 * The second factor of who runs a dangerous command: the same seed, the same counter and the same
 * guard against a code that comes twice as for a login. It keeps a borrowed terminal or a copied
 * configuration from doing harm; it cannot keep out whoever has the server's administrator.
 *
 * Where nobody is enrolled there is nobody to ask: a new server, and the first enrolment; where the
 * policy names people, for nothing else than enrolling. That is told, and never silent.
 *
 * @throws EcomdbError OPERATOR_CODE_REQUIRED, LOGIN_REFUSED, LOGIN_THROTTLED: nothing was changed
 */
export async function askOperator(
  server: PeopleServer,
  command: OperatorCommand,
  operator: Operator,
  progress: Progress,
): Promise<void> {
  await asAdministrator(server, async session => {
    const { accessCatalog } = server.engine
    const exists = await accessCatalog.storeExists(session, 'access')
    const mayBegin = operator.people.length === 0 || command === 'user enroll'
    if (!exists || (mayBegin && !(await isAnybodyEnrolled(server, session, operator)))) {
      progress.warn(
        `policies/totp.yaml asks for the operator's code before ${command}, and nobody is enrolled here who could give one: it is not asked for`,
      )
      return
    }
    const refusal = await verify(server, session, operator)
    const detail = { operatorOf: command, ...(refusal ? { refused: refusal } : {}) }
    const subject = operator.person
    await accessCatalog.recordOperation(session, { command: 'operator', subject, detail })
    if (refusal) throw refused(operator.person)
  })
}

async function isAnybodyEnrolled(
  { engine: { credentials } }: PeopleServer,
  session: Session,
  { people }: Operator,
): Promise<boolean> {
  for (const { person, state } of await credentials.people(session)) {
    if (state !== 'active' || (people.length > 0 && !people.includes(person))) continue
    if ((await credentials.totp(session, person))?.state === 'active') return true
  }
  return false
}

/** @returns why it is refused, for the record alone */
async function verify(
  { engine: { credentials } }: PeopleServer,
  session: Session,
  { person, people, code, totpKey, clock }: Operator,
): Promise<string | null> {
  if (people.length > 0 && !people.includes(person)) throw notAnOperator(person)
  const known = await credentials.person(session, person)
  const enrolled = await credentials.totp(session, person)
  if (known?.state !== 'active' || enrolled?.state !== 'active') throw notEnrolled(person)
  const given = await code()
  const ports: FactorPorts = { credentials, session, totpKey, now: clock.now() }
  const totp = await countAttempt(ports, person)
  const isRight = CODE.test(given.reveal())
    ? totp !== null && (await useCode(ports, totp, given, 'active'))
    : await useRecoveryCode(ports, person, given)
  return isRight ? null : 'wrong code'
}

function notAnOperator(person: string): EcomdbError {
  return new EcomdbError('OPERATOR_CODE_REQUIRED', {
    what: `${person} may not run this`,
    why: 'operators.people in policies/totp.yaml does not name this person',
    hints: ['ECOMDB_OPERATOR says who you are, where it is not your login name'],
  })
}

function notEnrolled(person: string): EcomdbError {
  return new EcomdbError('OPERATOR_CODE_REQUIRED', {
    what: `${person} has no second factor on this server`,
    why: 'policies/totp.yaml asks for the code of who runs this',
    hints: [
      'ECOMDB_OPERATOR says who you are, where it is not your login name',
      `\`ecomdb user enroll ${person}\` enrols`,
    ],
  })
}

function refused(person: string): EcomdbError {
  return new EcomdbError('LOGIN_REFUSED', {
    what: `the code of ${person} is refused; nothing was changed`,
    why: 'it is wrong, or was used already',
    hints: ['wait for the next code, and run the command again'],
  })
}
