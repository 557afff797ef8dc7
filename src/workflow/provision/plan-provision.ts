import type { LiveSchema } from '#domain/schema/live-schema'
import {
  type JournalEntry,
  type PendingMigration,
  pendingMigrations,
  type Step,
} from '#domain/schema/provision-plan'
import {
  definerAccount,
  missingGrants,
  type ObservedAccount,
  type ServiceAccount,
} from '#domain/schema/service-accounts'
import type { Engine } from '#engine/engine'
import { quoteIdentifier } from '#engine/quote'
import type { ConnectOptions, Session } from '#engine/session'

export interface ProvisionOptions {
  /** With `database` set; it need not exist yet. */
  connect: ConnectOptions
  /** What the names of the service accounts begin with; default "ecomdb". */
  accountPrefix?: string | undefined
}

/** Everything that apply will do, in order. plan prints it, apply runs it. */
export interface ProvisionPlan {
  database: string
  live: LiveSchema
  journal: readonly JournalEntry[]
  /** In order; each is followed by its entry in the journal. */
  stages: readonly PlanStage[]
}

/** A migration with its statements, or statements that belong to none. */
export interface PlanStage {
  pending: PendingMigration | null
  steps: readonly Step[]
}

export async function planProvision(
  engine: Engine,
  session: Session,
  options: ProvisionOptions,
): Promise<ProvisionPlan> {
  const { provisioner } = engine
  const database = options.connect.database ?? ''
  const definer = { user: `${options.accountPrefix ?? 'ecomdb'}_definer`, host: 'localhost' }
  const live = await provisioner.observe(session, database)
  const journal = await provisioner.readJournal(session, database)
  const migrations = await provisioner.migrations()
  const pending = pendingMigrations(migrations, journal, live, definer, quoteIdentifier)
  const [observed] = await provisioner.observeAccounts(session, [definer])
  const offered = await provisioner.offeredPrivileges(session)
  const definerSteps = observed
    ? accountStepsOf(engine, definerAccount(definer, database), observed, offered)
    : []
  return {
    database,
    live,
    journal,
    stages: arrange(provisioner.databaseSteps(live), pending, definerSteps),
  }
}

function accountStepsOf(
  engine: Engine,
  wanted: ServiceAccount,
  observed: ObservedAccount,
  offered: ReadonlySet<string>,
): Step[] {
  return engine.provisioner.accountSteps(wanted, observed, missingGrants(wanted, observed, offered))
}

/** The definer gets its rights when the tables are there and before a trigger needs them. */
function arrange(
  database: readonly Step[],
  pending: readonly PendingMigration[],
  definer: readonly Step[],
): PlanStage[] {
  const programs = pending.findIndex(({ steps }) =>
    steps.some(step => step.sql.includes('DEFINER = ')),
  )
  const border = programs < 0 ? pending.length : programs
  const stages = [
    { pending: null, steps: database },
    ...pending.slice(0, border).map(each => ({ pending: each, steps: each.steps })),
    { pending: null, steps: definer },
    ...pending.slice(border).map(each => ({ pending: each, steps: each.steps })),
  ]
  return stages.filter(stage => stage.pending !== null || stage.steps.length > 0)
}
