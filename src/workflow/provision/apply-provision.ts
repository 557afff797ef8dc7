import { EcomdbError } from '#core/errors'
import type { Progress } from '#core/progress'
import type { Secret } from '#core/secret'
import type { PlanStage, ProvisionPlan, ProvisionResult, Step } from '#domain/schema/provision-plan'
import type { Engine } from '#engine/engine'
import type { Session } from '#engine/session'
import { openPasswordStore, type PasswordStore } from './password-store.ts'
import { makePlan, type ProvisionOptions, schemaOf } from './plan-provision.ts'

/**
 * `ecomdb provision apply`: brings the schema from wherever it is to where the migrations
 * end, and the accounts with it. Stopped anywhere, it goes on from there when it is run
 * again; when there is nothing to do it does nothing.
 *
 * @throws EcomdbError LOCKED; SCHEMA_DRIFT before anything is changed; PRIVILEGE_MISSING and
 *   SERVER_REFUSED at the statement that failed, with what was done before it kept
 */
export async function applyProvision(
  engine: Engine,
  options: ProvisionOptions,
  progress: Progress,
): Promise<ProvisionResult> {
  const database = schemaOf(options)
  const session = await engine.provisioner.connect(options.connect)
  try {
    await engine.provisioner.lock(session, database)
    progress.stage('reading the schema')
    const plan = await makePlan(engine, session, options)
    refuseFindings(plan)
    const passwords = await openPasswordStore(options.secretsFolder, passwordsNeeded(plan))
    const versions = await runStages(engine, session, plan, passwords, progress)
    const steps = plan.stages.flatMap(stage => stage.steps)
    return {
      database,
      statements: steps.length,
      steps,
      adopted: plan.stage?.stage ?? null,
      versions,
      setAside: (await engine.provisioner.countSetAside(session, database)) - plan.setAside,
      passwordFiles: passwords.files,
      notes: plan.notes,
    }
  } finally {
    await session.close()
  }
}

function refuseFindings({ database, findings }: ProvisionPlan): void {
  const [first] = findings
  if (!first) return
  const more = findings.length > 1 ? `, and ${findings.length - 1} more` : ''
  throw new EcomdbError('SCHEMA_DRIFT', {
    what: `${database} is not changed: it is not what the migrations expect`,
    why: `${first.object}: ${first.difference}${more}`,
    hints: [
      first.hint ?? 'put it back as it was, or ask for a migration when the change is to stay',
      'run `ecomdb provision status` to see all of it',
    ],
  })
}

function passwordsNeeded({ stages }: ProvisionPlan): string[] {
  return stages.flatMap(({ steps }) =>
    steps.flatMap(step => (step.passwordOf === null ? [] : [step.passwordOf])),
  )
}

async function runStages(
  engine: Engine,
  session: Session,
  { database, stages }: ProvisionPlan,
  passwords: PasswordStore,
  progress: Progress,
): Promise<number[]> {
  const last = stages.findLast(stage => stage.pending !== null)
  const versions: number[] = []
  for (const stage of stages) {
    progress.stage(titleOf(stage))
    for (const step of stage.steps) {
      await runStep(engine, session, database, stage, step, passwords.of(step.passwordOf))
      progress.advance({ items: 1 })
    }
    if (stage.pending === null) continue
    await finish(engine, session, database, stage, stage === last)
    versions.push(stage.pending.migration.version)
  }
  return versions
}

function titleOf({ pending, steps }: PlanStage): string {
  if (pending) return `migration ${pending.migration.version} ${pending.migration.name}`
  return steps[0]?.kind === 'database' ? 'the database' : 'accounts'
}

async function runStep(
  { provisioner }: Engine,
  session: Session,
  database: string,
  { pending }: PlanStage,
  step: Step,
  password: Secret | null,
): Promise<void> {
  if (pending && step.index !== null) {
    await provisioner.journalStep(session, database, pending.migration, step.index)
  }
  await provisioner.runStep(session, step, password)
}

/** The last migration's entry and the record of the schema are one commit. */
async function finish(
  { provisioner }: Engine,
  session: Session,
  database: string,
  { pending, steps }: PlanStage,
  isLast: boolean,
): Promise<void> {
  if (!pending) return
  const record = isLast ? (await provisioner.observe(session, database)).objects : null
  const state = steps.length === 0 ? 'adopted' : 'done'
  await provisioner.journalDone(session, database, pending.migration, state, record)
}
