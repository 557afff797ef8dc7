import type { Progress } from '#core/progress'
import type { Engine } from '#engine/engine'
import { type ProvisionOptions, type ProvisionPlan, planProvision } from './plan-provision.ts'

export interface ProvisionResult {
  database: string
  /** Statements that ran; 0 when there was nothing to do. */
  statements: number
  /** Versions that are now done or adopted, and were not before. */
  versions: readonly number[]
}

/**
 * `ecomdb provision apply`: brings the schema from wherever it is to where the migrations
 * end. Stopped anywhere, it goes on from there when it is run again.
 *
 * @throws EcomdbError LOCKED, SCHEMA_DRIFT, PRIVILEGE_MISSING, SERVER_REFUSED
 */
export async function applyProvision(
  engine: Engine,
  options: ProvisionOptions,
  progress: Progress,
): Promise<ProvisionResult> {
  const database = options.connect.database ?? ''
  const session = await engine.provisioner.connect(options.connect)
  try {
    await engine.provisioner.lock(session, database)
    const plan = await planProvision(engine, session, options)
    return await run(engine, session, plan, progress)
  } finally {
    await session.close()
  }
}

async function run(
  engine: Engine,
  session: Awaited<ReturnType<Engine['connect']>>,
  { database, live, stages }: ProvisionPlan,
  progress: Progress,
): Promise<ProvisionResult> {
  const { provisioner } = engine
  let statements = 0
  const versions: number[] = []
  for (const { pending, steps } of stages) {
    if (pending) progress.stage(`${pending.migration.version} ${pending.migration.name}`)
    for (const step of steps) {
      if (pending && step.index !== null) {
        await provisioner.journalStep(session, live, pending.migration, step.index)
      }
      await provisioner.runStep(session, step, null)
      statements += 1
      progress.advance({ items: 1 })
    }
    if (pending) {
      const state = steps.length === 0 ? 'adopted' : 'done'
      await provisioner.journalDone(session, live, pending.migration, state)
      versions.push(pending.migration.version)
    }
  }
  return { database, statements, versions }
}
