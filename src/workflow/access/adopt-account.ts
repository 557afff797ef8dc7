import { EcomdbError } from '#core/errors'
import type { Change } from '#domain/access/change'
import { desiredAccess, parseAccount } from '#domain/access/desired'
import { accountKey, accountText, type ObservedAccess, roleAccount } from '#domain/access/observed'
import { connectToAccounts } from '#engine/account-session'
import type { Engine } from '#engine/engine'
import { runChange } from './apply-access.ts'
import { type AccessOptions, makeAccessPlan } from './plan-access.ts'

/** Which accounts, and what they are. */
export type Adoption =
  | { account: string; as: 'person'; name: string; fullName: string | null }
  | { account: string; as: 'application' | 'role'; name: string }
  /** All that the policy names and that wait. */
  | 'declared'

export interface Adopted {
  /** "alice@localhost" */
  accounts: readonly string[]
  statements: readonly string[]
}

/**
 * `ecomdb access adopt`: puts accounts and roles that were there before ecomdb on record. It
 * changes nothing of theirs: the next apply does, as the policy says.
 *
 * @throws EcomdbError INPUT_NOT_FOUND when there is no such account; USAGE for a name that
 *   cannot be a person's, or is reserved for one who has left
 */
export async function adoptAccount(
  engine: Engine,
  options: AccessOptions,
  adoption: Adoption,
): Promise<Adopted> {
  const session = await connectToAccounts(engine, options.connect)
  try {
    await engine.accessCatalog.ensureStore(session, 'access')
    await engine.accessCatalog.lockAccess(session)
    const { plan, observed } = await makeAccessPlan(engine, session, options)
    const changes =
      adoption === 'declared'
        ? declaredChanges(options, observed, new Set(plan.findings.flatMap(waitingKey)))
        : adoptionChanges(adoption, observed)
    const steps = changes.map(change => ({
      change,
      statements: engine.accessCatalog.compile(session, change),
    }))
    for (const step of steps) await runChange(engine, session, step, 'access adopt')
    return {
      accounts: changes.flatMap(change =>
        change.do === 'record account' ? [accountText(change.account)] : [],
      ),
      statements: steps.flatMap(({ statements }) => statements),
    }
  } finally {
    await session.close()
  }
}

function waitingKey({
  kind,
  account,
}: {
  kind: string
  account: { user: string; host: string }
}): string[] {
  return kind === 'not adopted' ? [accountKey(account)] : []
}

function declaredChanges(
  { policy, connect }: AccessOptions,
  observed: ObservedAccess,
  waiting: ReadonlySet<string>,
): Change[] {
  const context = { database: connect.database ?? '', stores: new Map<string, string>() }
  return desiredAccess(policy, observed, context)
    .principals.filter(({ account }) => waiting.has(accountKey(account)))
    .flatMap(({ account, kind, name, person }) => [
      ...(person === null
        ? []
        : personChanges(person, policy.people.get(name)?.fullName ?? null, observed)),
      {
        do: 'record account' as const,
        account,
        kind: kind === 'person' ? ('adopted' as const) : kind,
        person,
      },
    ])
}

function adoptionChanges(
  adoption: Exclude<Adoption, 'declared'>,
  observed: ObservedAccess,
): Change[] {
  const account =
    adoption.as === 'role'
      ? roleAccount(observed.family, adoption.name)
      : parseAccount(adoption.account)
  if (!observed.principals.some(each => accountKey(each.account) === accountKey(account))) {
    throw new EcomdbError('INPUT_NOT_FOUND', {
      what: `there is no ${adoption.as === 'role' ? 'role' : 'account'} ${accountText(account)}`,
      why: 'adopt puts on record what is there already',
      hints: ['run `ecomdb access drift` to see the accounts that are not on record'],
    })
  }
  const person = adoption.as === 'person' ? adoption.name : null
  const kind = adoption.as === 'person' ? 'adopted' : adoption.as
  return [
    ...(adoption.as === 'person' ? personChanges(adoption.name, adoption.fullName, observed) : []),
    { do: 'record account', account, kind, person },
  ]
}

function personChanges(
  person: string,
  fullName: string | null,
  { people }: ObservedAccess,
): Change[] {
  const known = people.find(each => each.person === person)
  if (known?.state === 'left') {
    throw new EcomdbError('USAGE', {
      what: `${person} has left, and the name stays reserved`,
      hints: ['use another name for another person'],
    })
  }
  if (!/^[a-z][a-z0-9._-]{0,30}$/.test(person)) {
    throw new EcomdbError('USAGE', {
      what: `${JSON.stringify(person)} cannot be the name of a person`,
      why: 'it is at most 31 small letters, digits, ".", "_" and "-", and begins with a letter',
    })
  }
  return known ? [] : [{ do: 'record person', person, fullName: fullName ?? person, email: null }]
}
