import type { Period } from '../report/period.ts'
import type { Lease } from './lease.ts'
import type { DeadMan } from './lease-report.ts'
import { EXPOSURES, type Exposure, type OperationRecord } from './reach.ts'

/** One person, and all that is known of what they may do. Times are ISO 8601, UTC. */
export interface PersonAccess {
  person: string
  fullName: string
  state: 'active' | 'locked' | 'left'
  leftAt: string | null
  accounts: readonly { account: string; kind: string; there: boolean; locked: boolean }[]
  /** By grant, by the policy, or by the server alone. */
  roles: readonly {
    role: string
    by: 'grant' | 'break-glass' | 'policy or server'
    endsAt: string | null
  }[]
  exposure: Exposure
  tables: readonly string[]
  throughPrograms: readonly string[]
  sensitive: readonly string[]
  /** active, pending, renew; none; unknown: this store has no second factors. */
  secondFactor: string
  /** null: ecomdb never saw a login, which it does only of those through its broker. */
  lastLogin: string | null
  /** Not seen for 90 days; null: unknown. */
  unused: boolean | null
}

/** `ecomdb access list`. */
export interface AccessList {
  server: string
  database: string
  at: string
  people: readonly PersonAccess[]
  /** Accounts that may do everything, by the policy: nobody's in particular. */
  administrators: readonly string[]
  /** Accounts that can log in, and that stand for nobody on record. */
  unknown: readonly string[]
}

/** Something that an auditor would ask about. */
export interface AccessException {
  what: string
  who: string
  why: string
}

/** `ecomdb report access`: what is, and what changed in the period. */
export interface AccessReport extends AccessList {
  format: 1
  reportId: string
  period: Period
  madeBy: string
  tool: string
  roles: readonly { role: string; rights: readonly string[]; holders: readonly string[] }[]
  applications: readonly { account: string; rights: readonly string[] }[]
  /** Made in the period, ended in it, or open at its end. */
  grants: readonly Lease[]
  operations: readonly OperationRecord[]
  deadMan: DeadMan
  exceptions: readonly AccessException[]
}

/** Who could do the most first; then by name. */
export function byExposure(people: readonly PersonAccess[]): PersonAccess[] {
  const rank = ({ exposure }: PersonAccess): number => EXPOSURES.indexOf(exposure)
  return people.toSorted(
    (a, b) =>
      rank(a) - rank(b) ||
      b.sensitive.length - a.sensitive.length ||
      (a.person < b.person ? -1 : 1),
  )
}

/** "orders, users and 3 more", without the privileges. */
function shortList(tables: readonly string[]): string {
  const names = tables.slice(0, 4).map(one => one.replace(/ \(.*/, ''))
  const more = tables.length - names.length
  return `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

const UNUSED_MS = 90 * 86_400_000

export function isUnused(lastLogin: string | null, now: Date): boolean | null {
  return lastLogin === null ? null : now.getTime() - Date.parse(lastLogin) > UNUSED_MS
}

/** What does not follow the rules of the house, and what the period left open. */
export function exceptionsOf(
  { people, unknown, deadMan }: Pick<AccessReport, 'people' | 'unknown' | 'deadMan'>,
  grants: readonly Lease[],
): AccessException[] {
  const open = grants.filter(({ endedAt }) => endedAt === null)
  const here = people.filter(({ state }) => state !== 'left')
  return [
    ...unknown.map(account => ({
      ...{ what: 'unknown account', who: account },
      why: 'it can log in, and nobody has said whose it is',
    })),
    ...here
      .filter(({ tables }) => tables.length > 0)
      .map(({ person, tables }) => ({
        ...{ what: 'a person on base tables', who: person },
        why: `people reach views and procedures only; this one reaches ${shortList(tables)}`,
      })),
    ...here
      .filter(({ unused }) => unused)
      .map(({ person, lastLogin }) => ({
        ...{ what: 'unused for 90 days', who: person },
        why: `last seen ${lastLogin?.slice(0, 10)}`,
      })),
    ...open
      .filter(({ endsAt }) => endsAt === null)
      .map(({ person, role, reason }) => ({
        ...{ what: 'a grant without an end', who: person },
        why: `${role}: ${reason}`,
      })),
    ...grants
      .filter(({ breakGlass }) => breakGlass)
      .map(({ person, role, reason, startsAt }) => ({
        ...{ what: 'break-glass', who: person },
        why: `${role} without an approver, on ${startsAt.slice(0, 10)}: ${reason}`,
      })),
    ...grants
      .filter(
        ({ breakGlass, approver, person }) =>
          !breakGlass && (approver === null || approver === person),
      )
      .map(({ person, role, approver }) => ({
        ...{
          what: approver === null ? 'nobody approved' : 'approved by the same person',
          who: person,
        },
        why: `a grant of ${role}`,
      })),
    ...people
      .filter(({ state, accounts }) => state === 'left' && accounts.some(({ there }) => there))
      .map(({ person }) => ({
        ...{ what: 'left, with an account', who: person },
        why: 'offboarding has to be run again',
      })),
    ...(deadMan.installed && deadMan.scheduler
      ? []
      : [
          {
            ...{ what: 'ends are not enforced by the server', who: 'the server' },
            why: deadMan.installed
              ? 'its event scheduler is off'
              : 'the dead-man event is not installed, or switched off',
          },
        ]),
  ]
}
