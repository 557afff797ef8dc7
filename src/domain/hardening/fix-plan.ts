import type { Remedy } from './check.ts'
import type { HardeningFacts } from './facts.ts'
import type { CheckedFix, HardenReport, JudgedCheck } from './harden-report.ts'

/** A check, or a rule, that failed, and what would mend it. */
export interface Mendable {
  check: { id: string }
  remedies: readonly Remedy[]
}

/** One thing that mends a check, as the engine says it. */
export interface HardenStep {
  check: string
  /**
   * setting: a variable or component of the server; account: changes what somebody can do, so
   * it is applied only for a check that was named; file: for a person to put into the
   * configuration file; advice: for a person to decide.
   */
  kind: 'setting' | 'account' | 'file' | 'advice'
  /** What is executed, character for character; the advice, where it is one. */
  text: string
  /** Puts it back as it was. */
  undo: readonly string[]
  /** For the configuration file: that the setting holds after a restart, or all of the step. */
  lines: readonly string[]
  /** The account, variable or schema that it changes, as the evidence of a check names it. */
  subject: string | null
  /** After it a connection like ours may be refused: it is tried, and undone when it is. */
  mayLockOut: boolean
}

export interface PlannedStep extends HardenStep {
  /** Why it is not executed; null: it is. */
  skipped: string | null
}

export function fixOf(steps: readonly HardenStep[]): CheckedFix {
  const online = steps.filter(({ kind }) => kind === 'setting' || kind === 'account')
  return {
    online: online.map(({ text }) => text),
    configFile: [...new Set(steps.flatMap(({ lines }) => lines))],
    advice: steps.filter(({ kind }) => kind === 'advice').map(({ text }) => text),
  }
}

/**
 * What `harden fix` would execute. Settings, of every check that failed; what changes an account
 * or drops something, of the checks that were named, and never of the account that runs it. What
 * is waived stays as it is.
 *
 * @param only the checks that were named; empty: all that failed
 */
export function planFix(
  judged: readonly JudgedCheck[],
  report: HardenReport,
  facts: HardeningFacts,
  only: readonly string[],
  stepsOf: (judged: JudgedCheck) => HardenStep[],
): PlannedStep[] {
  const failed = report.checks.filter(({ verdict }) => verdict === 'fail')
  return failed
    .filter(({ id }) => only.length === 0 || only.includes(id))
    .flatMap(({ id, evidence }) => {
      const waived = evidence.filter(({ waiver }) => waiver).map(({ subject }) => subject)
      const steps = judged.filter(({ check }) => check.id === id).flatMap(stepsOf)
      return steps.map(step => ({ ...step, skipped: whyNot(step, facts, only, waived) }))
    })
}

function whyNot(
  step: HardenStep,
  { me, connection }: HardeningFacts,
  only: readonly string[],
  waived: readonly string[],
): string | null {
  if (step.subject !== null && waived.includes(step.subject)) return 'the policy waives it'
  if (step.kind === 'file') return 'it needs the configuration file, and a restart'
  if (step.kind === 'advice') return 'a person must decide it'
  if (step.kind === 'account' && !only.includes(step.check)) {
    return `it changes what somebody can do: name it, with --only ${step.check}`
  }
  if (step.mayLockOut && (step.kind === 'setting' || step.subject === me)) {
    // A socket counts as secure for the server's requirement, and not for the account's.
    const open = step.kind === 'setting' ? ['tls', 'socket'] : ['tls']
    if (open.includes(connection)) return null
    return 'this connection is without TLS, and the next one would be refused'
  }
  return step.subject === me ? `${me} is the account that runs this` : null
}
