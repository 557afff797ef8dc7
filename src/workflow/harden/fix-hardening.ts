import { EcomdbError, messageOf } from '#core/errors'
import type { Progress } from '#core/progress'
import { type PlannedStep, planFix } from '#domain/hardening/fix-plan'
import type { HardenReport } from '#domain/hardening/harden-report'
import { connectToAccounts } from '#engine/account-session'
import type { Engine } from '#engine/engine'
import type { Session } from '#engine/session'
import { type HardenOptions, lookAt } from './check-hardening.ts'

export interface FixOptions extends HardenOptions {
  /** Checks to mend; empty: all that fail. */
  only: readonly string[]
  /** Without it the plan is made and nothing is executed. */
  confirm: boolean
}

/** A step, and what became of it. */
export interface FixedStep extends PlannedStep {
  /** undone: a connection like ours would have been refused, so it was put back. */
  outcome: 'planned' | 'done' | 'skipped' | 'refused' | 'undone'
  /** Why, for refused and undone. */
  reason: string | null
}

export interface FixResult {
  before: HardenReport
  steps: readonly FixedStep[]
  /** What the server is like afterwards; null when nothing was executed. */
  after: HardenReport | null
}

/** A component that was just installed has settings of its own to judge. */
const MAX_ROUNDS = 3

/**
 * `ecomdb harden fix`: says what would mend the findings, and with --confirm executes what can
 * be done while the server runs. A finding that is waived is not touched. After every step that
 * could refuse the next connection one is made, and the step is put back when it is refused.
 */
export async function fixHardening(
  engine: Engine,
  options: FixOptions,
  progress: Progress,
): Promise<FixResult> {
  progress.stage('reading settings, accounts and privileges')
  const session = await connectToAccounts(engine, options.connect)
  try {
    const first = await plan(engine, session, options)
    if (!options.confirm) {
      const steps = first.steps.map(step => withOutcome(step, step.skipped ? 'skipped' : 'planned'))
      return { before: first.report, steps, after: null }
    }
    return await applyRounds(engine, session, options, first, progress)
  } finally {
    await session.close()
  }
}

async function applyRounds(
  engine: Engine,
  session: Session,
  options: FixOptions,
  first: Awaited<ReturnType<typeof plan>>,
  progress: Progress,
): Promise<FixResult> {
  const done: FixedStep[] = []
  let round = first
  for (let count = 0; count < MAX_ROUNDS; count += 1) {
    const known = new Set(done.map(({ check, text }) => `${check} ${text}`))
    const fresh = round.steps.filter(({ check, text }) => !known.has(`${check} ${text}`))
    if (fresh.length === 0) break
    progress.stage('changing what can be changed while the server runs')
    for (const step of fresh) done.push(await apply(engine, session, options, step))
    round = await plan(engine, session, options)
  }
  return { before: first.report, steps: done, after: round.report }
}

async function plan(engine: Engine, session: Session, options: FixOptions) {
  const { facts, judged, report } = await lookAt(engine, session, options)
  const steps = planFix(judged, report, facts, options.only, one =>
    engine.hardening.steps(one, facts),
  )
  return { report, steps }
}

async function apply(
  engine: Engine,
  session: Session,
  options: FixOptions,
  step: PlannedStep,
): Promise<FixedStep> {
  if (step.skipped) return withOutcome(step, 'skipped')
  try {
    await engine.hardening.run(session, step.text)
  } catch (error) {
    if (!(error instanceof EcomdbError)) throw error
    return withOutcome(step, 'refused', error.why ?? error.what)
  }
  const refusal = step.mayLockOut ? await refusedNow(engine, options) : null
  if (refusal === null) return withOutcome(step, 'done')
  for (const statement of step.undo) await engine.hardening.run(session, statement)
  return withOutcome(step, 'undone', `a connection like this one was refused: ${refusal}`)
}

/** Would we be let in again? This session stays open meanwhile, so that it can put things back. */
async function refusedNow(engine: Engine, { connect }: FixOptions): Promise<string | null> {
  try {
    await (await engine.connect({ ...connect, database: undefined })).close()
    return null
  } catch (error) {
    return messageOf(error)
  }
}

function withOutcome(
  step: PlannedStep,
  outcome: FixedStep['outcome'],
  reason: string | null = null,
): FixedStep {
  return { ...step, outcome, reason }
}
