import type { Manifest } from '#domain/backup/manifest'
import type { RestoreTarget } from '#engine/logical-writer'

/** The same accounts with the same grants, which may do something else: MySQL gives roles to all by a setting. */
export function roleFindings(
  { settings: here }: Pick<RestoreTarget, 'settings'>,
  { settings: source, accounts }: Pick<Manifest, 'settings' | 'accounts'>,
): string[] {
  const [wasGiven, isGiven] = [source, here].map(all => all['mandatory_roles'])
  const [wasActive, isActive] = [source, here].map(all => all['activate_all_roles_on_login'])
  // An older snapshot does not say.
  if (wasGiven === undefined || isGiven === undefined) return []
  const others = wasGiven === isGiven ? [] : [told('mandatory_roles', wasGiven, isGiven)]
  const hasRoles = accounts.some(({ grants }) => grants.some(grant => /^GRANT `/.test(grant)))
  if (wasActive !== isActive && (hasRoles || wasGiven !== '' || isGiven !== ''))
    others.push(told('activate_all_roles_on_login', wasActive, isActive))
  if (others.length === 0) return []
  return [
    `${others.join(', ')}: accounts may do other things here than on the source by the same grants, or are refused; set them as they were (SET PERSIST)`,
  ]
}

const told = (name: string, was = 'unknown', is = 'unknown'): string =>
  `${name} was ${was || "''"} on the source and is ${is || "''"} here`
