import type { AccountName } from '../schema/service-accounts.ts'
import type { AccessFinding } from './change.ts'
import type { DesiredAccess, DesiredPrincipal } from './desired.ts'
import { isAdministrator } from './import-policy.ts'
import {
  type AccountRecord,
  accountKey,
  accountText,
  type ObservedAccess,
  type Principal,
} from './observed.ts'
import { rightText } from './right.ts'

/**
 * Who is on the server and not on record: those that the policy names wait to be adopted,
 * the others are unknown. What everybody holds belongs to nobody, and is told as well.
 */
export function strangers(
  desired: DesiredAccess,
  observed: ObservedAccess,
  services: readonly AccountName[],
  waiting: readonly DesiredPrincipal[],
): AccessFinding[] {
  const known = new Set([
    ...[...observed.records.map(({ account }) => account), ...services].map(accountKey),
    ...desired.administrators.map(accountKey),
    ...waiting.map(({ account }) => accountKey(account)),
    ...observed.records.flatMap(sessionRole).map(accountKey),
    ...desired.principals
      .filter(({ isUmbrella }) => isUmbrella)
      .map(({ account }) => accountKey(account)),
  ])
  const unknown = observed.principals.filter(
    ({ account, kind }) => kind !== 'public' && !known.has(accountKey(account)),
  )
  return [
    ...waiting.map(each => notAdopted(each, observed)),
    ...unknown.map(unknownFinding),
    ...forEverybody(observed),
  ]
}

/** On MariaDB a session account has a role of its own, which ends with it. */
function sessionRole({ account, kind }: AccountRecord): AccountName[] {
  return kind === 'session' ? [{ user: `r${account.user}`, host: '' }] : []
}

function notAdopted(
  { account, kind, name }: DesiredPrincipal,
  { principals }: ObservedAccess,
): AccessFinding {
  const found = principals.find(each => accountKey(each.account) === accountKey(account))
  const as = { role: '--role', person: `--person ${name}`, application: `--application ${name}` }
  return {
    kind: 'not adopted',
    account,
    what: `was there before ecomdb, so it is not changed; ${found ? holdings(found) : ''}`,
    hint: `run \`ecomdb access adopt '${accountText(account)}' ${as[kind]}\` to let the policy rule it`,
  }
}

function unknownFinding(principal: Principal): AccessFinding {
  const { account, kind } = principal
  const adopt = kind === 'role' ? '--role' : '--person NAME|--application NAME'
  return {
    kind: 'unknown',
    account,
    what: `the policy does not know ${account.user === '' ? 'anonymous users' : `this ${kind}`}; ${holdings(principal)}`,
    hint: isAdministrator(principal)
      ? 'if it is to do everything, name it under administrators: in access.yaml; if not, drop it'
      : `put it into access.yaml and run \`ecomdb access adopt '${accountText(account)}' ${adopt}\`, or drop it`,
  }
}

function forEverybody({ principals, mandatoryRoles }: ObservedAccess): AccessFinding[] {
  const publics = principals.filter(
    ({ kind, rights, roles }) => kind === 'public' && rights.length + roles.length > 0,
  )
  return [
    ...publics.map(each => ({
      kind: 'everybody' as const,
      account: each.account,
      what: `every account is in PUBLIC; ${holdings(each)}`,
      hint: 'grant it to a role of the policy instead, then revoke it FROM PUBLIC',
    })),
    ...mandatoryRoles.map(account => ({
      kind: 'everybody' as const,
      account,
      what: 'every account holds it, as it stands in mandatory_roles',
      hint: 'take it out of the server variable mandatory_roles',
    })),
  ]
}

const SHOWN = 3

/** "it holds SELECT ON shop.*, FILE ON *.* and 3 more, the role analyst; locked" */
function holdings({ rights, roles, locked }: Principal): string {
  const texts = [...rights.map(rightText), ...roles.map(({ role }) => `the role ${role.user}`)]
  const more = texts.length > SHOWN ? ` and ${texts.length - SHOWN} more` : ''
  const all = texts.length === 0 ? 'nothing' : `${texts.slice(0, SHOWN).join(', ')}${more}`
  return `it holds ${all}${locked ? '; locked' : ''}`
}
