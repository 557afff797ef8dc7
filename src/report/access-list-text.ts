import { countOf } from '#core/units'
import type { AccessList, PersonAccess } from '#domain/access/access-report'
import type { Path } from '#domain/access/reach'
import { alignColumns } from './align-columns.ts'

/** `ecomdb access list` for people. */
export function accessListText(list: AccessList): string {
  const { people, unknown, administrators, database, server } = list
  const here = people.filter(({ state }) => state !== 'left')
  const left = people.length - here.length
  return [
    `who reaches what in ${database}, on ${server}; the most first`,
    alignColumns(
      [
        ['PERSON', 'MAY', 'SENSITIVE TABLES', 'ROLES', '2ND FACTOR', 'LAST LOGIN'],
        ...here.map(one => [
          one.state === 'locked' ? `${one.person} (locked)` : one.person,
          one.exposure,
          String(one.sensitive.length),
          rolesText(one),
          one.secondFactor,
          loginText(one),
        ]),
      ],
      ['left', 'left', 'right', 'left', 'left', 'left'],
    ),
    ...(left > 0 ? [`${countOf(left, 'person')} left, not shown`] : []),
    ...(administrators.length > 0
      ? [`administrators by the policy, who may do everything: ${administrators.join(', ')}`]
      : []),
    ...unknown.map(account => `unknown: ${account} can log in, and nobody has said whose it is`),
    'who may read a base table is beyond what a person needs: `ecomdb why PERSON TABLE` says by which way',
  ].join('\n')
}

function rolesText({ roles }: PersonAccess): string {
  return (
    roles
      .map(({ role, by, endsAt }) => {
        const until = endsAt === null ? role : `${role} until ${endsAt.slice(0, 10)}`
        return by === 'break-glass' ? `${until} BREAK-GLASS` : until
      })
      .join(', ') || '-'
  )
}

function loginText({ lastLogin, unused }: PersonAccess): string {
  if (lastLogin === null) return 'unknown'
  return `${lastLogin.slice(0, 10)}${unused ? ' UNUSED FOR 90 DAYS' : ''}`
}

/** `ecomdb why` for people. */
export function whyText(one: {
  person: string
  thing: string
  accounts: readonly string[]
  paths: readonly Path[]
}): string {
  const { person, thing, paths, accounts } = one
  if (accounts.length === 0) return `${person} has no account on this server`
  if (paths.length === 0) return `${person} does not reach ${thing}`
  return [
    `${person} reaches ${thing} in ${countOf(paths.length, 'way')}:`,
    ...paths.flatMap(({ account, privilege, steps, by }) => [
      `${by === 'routine' ? `${privilege}, may reach it as definer` : privilege}`,
      `  ${[account, ...steps].join('\n    → ')}`,
    ]),
  ].join('\n')
}
