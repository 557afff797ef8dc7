import { type HeldPrivilege, heldPrivileges, isAdministrator, mayHold } from './accounts.ts'
import { failIf, type Judgement } from './check.ts'
import type { HardeningFacts } from './facts.ts'
import type { HardenPolicy } from './policy.ts'

/** What is wrong about a privilege, in words, and what to take away. */
export interface Concern {
  /** As it is listed, and as it is taken away: "SUPER". */
  privilege: string
  /** Behind the list: " on everything, which opens mysql". */
  where: string
}

/**
 * Who holds what only administrators should, by itself or by a role.
 *
 * @param concern what is wrong about a privilege, or null when nothing is
 */
export function judgePrivileges(
  facts: HardeningFacts,
  policy: HardenPolicy,
  what: string,
  concern: (held: HeldPrivilege) => Concern | null,
): Judgement {
  const wrong = heldPrivileges(facts).flatMap(held => {
    const found = concern(held)
    if (found === null || isAdministrator(held.holder, policy)) return []
    const allowed = held.schema === null && mayHold(held.holder, held.privilege, policy)
    return allowed && !held.grantable ? [] : [{ held, found }]
  })
  const groups = Map.groupBy(wrong, ({ held, found }) => `${held.path}:${found.where}`)
  return failIf(
    [...groups.values()].map(group => ({
      subject: group[0]?.held.holder ?? '',
      detail: `${group[0]?.held.path}: ${listed(group)}${group[0]?.found.where}`,
    })),
    [
      {
        kind: 'revoke',
        privileges: wrong.map(({ held, found }) => ({ ...held, privilege: found.privilege })),
      },
    ],
    { subject: 'accounts', detail: `nobody but administrators has ${what}` },
  )
}

function listed(group: readonly { found: Concern }[]): string {
  return [...new Set(group.map(({ found }) => found.privilege))].join(', ')
}
