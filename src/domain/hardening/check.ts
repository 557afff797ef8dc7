import type { HardeningFacts } from './facts.ts'
import type { HardenPolicy } from './policy.ts'

/** How much it matters; the score weighs by it. */
export type Severity = 'critical' | 'high' | 'medium' | 'low'

/**
 * A check of `ecomdb harden`: one file in checks/, one line in checks.ts. It judges the gathered
 * facts and asks nobody.
 */
export interface HardeningCheck {
  /** "H01" */
  id: string
  title: string
  /** Why it matters: one sentence. */
  why: string
  /** Numbers in CIS MySQL 8.4 v1.1.0, PCI DSS v4.0.1 and ASVS 5.0.0: docs/harden.md says how read. */
  references: readonly string[]
  severity: Severity
  judge(facts: HardeningFacts, policy: HardenPolicy): Judgement
}

export interface Judgement {
  verdict: 'pass' | 'fail' | 'not-applicable'
  /** What was seen; on a failure only what is wrong, one piece for each subject. */
  evidence: readonly Evidence[]
  remedies: readonly Remedy[]
}

export interface Evidence {
  /** An account, a variable, an object: what a waiver can name. */
  subject: string
  detail: string
}

/** What would mend it, for the engine to say in its own words. */
export type Remedy =
  /** A global variable: at once where the server can, else in the configuration file. */
  | { kind: 'setting'; name: string; value: string }
  /** Lines for the configuration file; they hold after a restart. */
  | { kind: 'file'; lines: readonly string[] }
  /** A component or plugin of the server, by the name that `plugins` of the facts has. */
  | { kind: 'install'; name: string }
  | { kind: 'require-tls'; account: string }
  | { kind: 'lock'; account: string }
  | { kind: 'drop-account'; account: string }
  | { kind: 'revoke'; privileges: readonly PrivilegePlace[] }
  | { kind: 'drop-schema'; schema: string }
  /** What a person must decide or do elsewhere. */
  | { kind: 'advice'; text: string }

export interface PrivilegePlace {
  account: string
  privilege: string
  schema: string | null
  table: string | null
}

export function pass(subject: string, detail: string): Judgement {
  return { verdict: 'pass', evidence: [{ subject, detail }], remedies: [] }
}

export function notApplicable(reason: string): Judgement {
  const evidence = [{ subject: 'reason', detail: reason }]
  return { verdict: 'not-applicable', evidence, remedies: [] }
}

export function fail(evidence: readonly Evidence[], remedies: readonly Remedy[]): Judgement {
  return { verdict: 'fail', evidence, remedies }
}

/** Passes when nothing is wrong. */
export function failIf(
  wrong: readonly Evidence[],
  remedies: readonly Remedy[],
  otherwise: Evidence,
): Judgement {
  return wrong.length > 0 ? fail(wrong, remedies) : pass(otherwise.subject, otherwise.detail)
}
