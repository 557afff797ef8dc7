import type { Evidence, HardeningCheck, Judgement, Severity } from './check.ts'
import type { HardeningFacts } from './facts.ts'
import type { HardenPolicy, Waiver } from './policy.ts'

/** What `ecomdb harden check` found out. It only grows: --json prints it. */
export interface HardenReport {
  server: { engine: string; version: string; account: string }
  /** ISO 8601, UTC. */
  checkedAt: string
  checks: readonly CheckedItem[]
  counts: { pass: number; fail: number; waived: number; notApplicable: number }
  /**
   * 0 to 100: what passed of what applies, weighed by severity. A waiver changes the exit
   * status and not the score: what is lived with is there all the same.
   */
  score: number
  /** Waivers that have ended, or that fit nothing that was found. */
  idleWaivers: readonly { waiver: Waiver; why: string }[]
}

export interface CheckedItem {
  id: string
  title: string
  why: string
  references: readonly string[]
  severity: Severity
  /** waived: it fails, and the policy says until when that is lived with. */
  verdict: 'pass' | 'fail' | 'waived' | 'not-applicable'
  evidence: readonly (Evidence & { waiver: Waiver | null })[]
  /** The statements that mend it, and what is not done by a statement. */
  fix: CheckedFix
}

export interface CheckedFix {
  online: readonly string[]
  configFile: readonly string[]
  advice: readonly string[]
}

export interface JudgedCheck extends Judgement {
  check: HardeningCheck
}

export function judgeAll(
  checks: readonly HardeningCheck[],
  facts: HardeningFacts,
  policy: HardenPolicy,
): JudgedCheck[] {
  return checks.map(check => ({ check, ...check.judge(facts, policy) }))
}

/** @param fixOf how the engine says what mends a check */
export function hardenReport(
  judged: readonly JudgedCheck[],
  facts: HardeningFacts,
  policy: HardenPolicy,
  now: Date,
  fixOf: (judged: JudgedCheck) => CheckedFix,
): HardenReport {
  const today = now.toISOString().slice(0, 10)
  const holding = policy.waivers.filter(({ until }) => until >= today)
  const checks = judged.map(one => checkedItem(one, holding, fixOf(one)))
  const count = (verdict: CheckedItem['verdict']): number =>
    checks.filter(item => item.verdict === verdict).length
  return {
    server: { engine: facts.family, version: facts.version, account: facts.me },
    checkedAt: now.toISOString(),
    checks,
    counts: {
      pass: count('pass'),
      fail: count('fail'),
      waived: count('waived'),
      notApplicable: count('not-applicable'),
    },
    score: scoreOf(checks),
    idleWaivers: idleWaivers(policy.waivers, checks, today),
  }
}

function checkedItem(
  { check, verdict, evidence }: JudgedCheck,
  waivers: readonly Waiver[],
  fix: CheckedFix,
): CheckedItem {
  const { id, title, why, references, severity } = check
  const shown = evidence.map(piece => ({
    ...piece,
    waiver: verdict === 'fail' ? (waivers.find(one => covers(one, id, piece)) ?? null) : null,
  }))
  // One that is not covered is a finding, whatever is said about the others.
  const waived = verdict === 'fail' && shown.every(({ waiver }) => waiver !== null)
  return {
    ...{ id, title, why, references, severity },
    verdict: waived ? 'waived' : verdict,
    evidence: shown,
    fix,
  }
}

function covers({ check, subjects }: Waiver, id: string, { subject }: Evidence): boolean {
  return check === id && (subjects.length === 0 || subjects.includes(subject))
}

const WEIGHT: Record<Severity, number> = { critical: 10, high: 5, medium: 3, low: 1 }

function scoreOf(checks: readonly CheckedItem[]): number {
  const weigh = (items: readonly CheckedItem[]): number =>
    items.reduce((sum, { severity }) => sum + WEIGHT[severity], 0)
  const all = weigh(checks.filter(({ verdict }) => verdict !== 'not-applicable'))
  const good = weigh(checks.filter(({ verdict }) => verdict === 'pass'))
  // Rounded down: 100 is for nothing left.
  return all === 0 ? 100 : Math.floor((good / all) * 100)
}

function idleWaivers(
  waivers: readonly Waiver[],
  checks: readonly CheckedItem[],
  today: string,
): HardenReport['idleWaivers'] {
  const used = checks.flatMap(({ evidence }) => evidence.map(({ waiver }) => waiver))
  return waivers.flatMap(waiver => {
    if (waiver.until < today) return [{ waiver, why: `it ended on ${waiver.until}` }]
    return used.includes(waiver) ? [] : [{ waiver, why: 'nothing that was found needs it' }]
  })
}
