import type { AccessPlan, Change } from '#domain/access/change'
import { desiredAccess } from '#domain/access/desired'
import type { ObservedAccess } from '#domain/access/observed'
import { planAccess } from '#domain/access/plan'
import type { AccessPolicy } from '#domain/access/policy'
import type { AccountName } from '#domain/schema/service-accounts'
import type { Engine } from '#engine/engine'
import type { ConnectOptions, Session } from '#engine/session'
import { DEFAULT_NAMING, schemaOf } from '../provision/plan-provision.ts'

export interface AccessOptions {
  /** An administrator's; `database` names the shop's schema. */
  connect: ConnectOptions
  policy: AccessPolicy
}

/** A plan, with the statements that each of its changes is. */
export interface CompiledPlan extends AccessPlan {
  steps: readonly CompiledChange[]
}

export interface CompiledChange {
  change: Change
  statements: readonly string[]
}

/**
 * `ecomdb access plan`: what apply would do now. Changes nothing and takes no lock.
 *
 * @throws EcomdbError SERVER_UNREACHABLE, AUTHENTICATION_REFUSED, PRIVILEGE_MISSING
 */
export async function planServerAccess(
  engine: Engine,
  options: AccessOptions,
): Promise<CompiledPlan> {
  const session = await engine.connect({ ...options.connect, database: undefined })
  try {
    return (await makeAccessPlan(engine, session, options)).plan
  } finally {
    await session.close()
  }
}

/** Over a session that may hold the lock; apply executes this very value. */
export async function makeAccessPlan(
  engine: Engine,
  session: Session,
  { connect, policy }: AccessOptions,
): Promise<{ plan: CompiledPlan; observed: ObservedAccess }> {
  const { accessCatalog } = engine
  const observed = await accessCatalog.observe(session)
  const stores = new Map([
    ['ecomdb_access', accessCatalog.storeName(session, 'access')],
    ['ecomdb_audit', accessCatalog.storeName(session, 'audit')],
  ])
  const database = schemaOf({ connect })
  const desired = desiredAccess(policy, observed, { database, stores })
  const plan = planAccess(desired, observed, serviceNames(engine, connect))
  const steps = plan.changes.map(change => ({
    change,
    statements: accessCatalog.compile(session, change),
  }))
  return { plan: { ...plan, steps }, observed }
}

/**
 * ecomdb's own accounts: `ecomdb provision`, `ecomdb broker prepare` and `ecomdb audit install`
 * look after them.
 */
export function serviceNames({ provisioner }: Engine, connect: ConnectOptions): AccountName[] {
  const database = schemaOf({ connect })
  const accounts = [
    provisioner.definerAccount(DEFAULT_NAMING, database),
    ...provisioner.serviceAccounts(DEFAULT_NAMING, database),
  ].map(({ account }) => account)
  // The locked definers of the broker's two procedures, and of the trail's triggers.
  const definers = ['ecomdb_issuer', connect.auditDatabase ?? 'ecomdb_audit']
  return [...accounts, ...definers.map(user => ({ user, host: 'localhost' }))]
}
