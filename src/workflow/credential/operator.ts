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
 * policy names people, for nothing else than enrolling, and for a restore into a server without
 * records. That is told, and never silent. A server whose people are in another database than the one
 * that this run looks into is no such server.
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
    const asked = await whomToAsk(server, session, command, operator)
    if (asked !== 'somebody') {
      const elsewhere = await server.engine.credentials.enrolledElsewhere(session)
      if (elsewhere.length > 0) throw recordsElsewhere(elsewhere)
      if (asked === 'nobody on record') throw notEnrolled(operator.person)
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

/** nobody: it need not be asked for. nobody on record: the policy names people, and has nobody to ask. */
async function whomToAsk(
  server: PeopleServer,
  session: Session,
  command: OperatorCommand,
  operator: Operator,
): Promise<'somebody' | 'nobody' | 'nobody on record'> {
  const isNamed = operator.people.length > 0
  if (!(await server.engine.accessCatalog.storeExists(session, 'access'))) {
    const isFree = !isNamed || ['restore', 'user enroll'].includes(command)
    return isFree ? 'nobody' : 'nobody on record'
  }
  if (isNamed && command !== 'user enroll') return 'somebody'
  return (await couldAnybodySay(server, session, command, operator)) ? 'somebody' : 'nobody'
}

/** Who has used a recovery code must be enrolled again: that leaves nobody to ask for that alone. */
async function couldAnybodySay(
  { engine: { credentials } }: PeopleServer,
  session: Session,
  command: OperatorCommand,
  { people }: Operator,
): Promise<boolean> {
  const states = command === 'user enroll' ? ['active'] : ['active', 'renew']
  for (const { person, state } of await credentials.people(session)) {
    if (state !== 'active' || (people.length > 0 && !people.includes(person))) continue
    const totp = await credentials.totp(session, person)
    if (totp && states.includes(totp.state)) return true
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

function recordsElsewhere(stores: readonly string[]): EcomdbError {
  return new EcomdbError('OPERATOR_CODE_REQUIRED', {
    what: 'nobody is asked for a code here, and the server has people with one; nothing was changed',
    why: `they are in ${stores.join(', ')}, and this run looks elsewhere (server.access_database, ECOMDB_ACCESS_DATABASE)`,
    hints: [
      'leave ECOMDB_ACCESS_DATABASE out, or let it name that database',
      'records that nobody needs any more: drop that database first',
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
