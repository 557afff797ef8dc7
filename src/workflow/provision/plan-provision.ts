import { EcomdbError } from '#core/errors'
import type {
  PendingMigration,
  PlanStage,
  ProvisionPlan,
  Step,
} from '#domain/schema/provision-plan'
import { type AccountNaming, missingGrants } from '#domain/schema/service-accounts'
import type { Engine } from '#engine/engine'
import type { ConnectOptions, Session } from '#engine/session'
import { inspectSchema, runChecks } from './inspect-schema.ts'

export interface ProvisionOptions {
  /** An administrator's; with `database` set, which need not exist yet. */
  connect: ConnectOptions
  /** Where the passwords of the service accounts are kept, one file each; without it they are not made. */
  secretsFolder?: string | undefined
  naming?: AccountNaming | undefined
}

export const DEFAULT_NAMING: AccountNaming = { prefix: 'ecomdb', host: 'localhost' }

/**
 * `ecomdb provision plan`: what apply would do now, and what is in its way. Changes nothing
 * and takes no lock.
 *
 * @throws EcomdbError SERVER_UNREACHABLE, AUTHENTICATION_REFUSED, PRIVILEGE_MISSING
 */
export async function planProvision(
  engine: Engine,
  options: ProvisionOptions,
): Promise<ProvisionPlan> {
  const session = await engine.provisioner.connect(options.connect)
  try {
    return await makePlan(engine, session, options)
  } finally {
    await session.close()
  }
}

/** The plan over a session that may hold the lock; apply executes this very value. */
export async function makePlan(
  engine: Engine,
  session: Session,
  options: ProvisionOptions,
): Promise<ProvisionPlan> {
  const schema = schemaOf(options)
  const naming = options.naming ?? DEFAULT_NAMING
  const found = await inspectSchema(engine, session, schema, naming)
  const failed = found.findings.length > 0 ? [] : await runChecks(engine, session, found.pending)
  const { definer, service, locked } = await accountSteps(engine, session, schema, options, naming)
  const database = engine.provisioner.databaseSteps(found.live)
  return {
    flavor: session.flavor.toString(),
    database: schema,
    stage: found.stage,
    versions: found.versions,
    findings: [...found.findings, ...failed],
    stages: arrange(database, found.pending, definer, service),
    setAside: found.setAside,
    notes: options.secretsFolder
      ? locked.map(
          user =>
            `${user} is locked, by somebody else than ecomdb: it is left so, and its rights were not brought up to date`,
        )
      : ['the service accounts are left alone: name a folder for their passwords with --secrets'],
  }
}

/** @throws EcomdbError USAGE when no database is named */
export function schemaOf({ connect }: ProvisionOptions): string {
  if (connect.database) return connect.database
  throw new EcomdbError('USAGE', {
    what: 'no database is named',
    hints: ['set server.database in ecomdb.yaml, or use --database'],
  })
}

async function accountSteps(
  { provisioner }: Engine,
  session: Session,
  schema: string,
  { secretsFolder }: ProvisionOptions,
  naming: AccountNaming,
): Promise<{ definer: Step[]; service: Step[]; locked: string[] }> {
  const wanted = [
    provisioner.definerAccount(naming, schema),
    ...(secretsFolder === undefined ? [] : provisioner.serviceAccounts(naming, schema)),
  ]
  const offered = await provisioner.offeredPrivileges(session)
  const observed = await provisioner.observeAccounts(
    session,
    wanted.map(({ account }) => account),
  )
  const locked: string[] = []
  const [definer = [], ...service] = wanted.map((account, at) => {
    const now = observed[at]
    if (!now) return []
    if (account.login && now.locked && !now.halfMade) {
      locked.push(account.account.user)
      return []
    }
    return provisioner.accountSteps(account, now, missingGrants(account, now, offered))
  })
  return { definer, service: service.flat(), locked }
}

/**
 * The definer gets its rights when the tables are there and before a trigger needs them:
 * the shop goes on selling while this runs.
 */
function arrange(
  database: readonly Step[],
  pending: readonly PendingMigration[],
  definer: readonly Step[],
  service: readonly Step[],
): PlanStage[] {
  const programs = pending.findIndex(({ steps }) =>
    steps.some(step => step.sql.includes('DEFINER = ')),
  )
  const border = programs < 0 ? pending.length : programs
  const migrate = (some: readonly PendingMigration[]): PlanStage[] =>
    some.map(each => ({ pending: each, steps: each.steps }))
  const stages = [
    { pending: null, steps: database },
    ...migrate(pending.slice(0, border)),
    { pending: null, steps: definer },
    ...migrate(pending.slice(border)),
    { pending: null, steps: service },
  ]
  return stages.filter(stage => stage.pending !== null || stage.steps.length > 0)
}
