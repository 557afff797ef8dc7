import type { Remedy } from '../hardening/check.ts'
import type { HardeningFacts } from '../hardening/facts.ts'
import { evidenceOf, numberOf } from '../hardening/variables.ts'
import type { PasswordRule } from './password-policy.ts'

/** A rule of the policy, as the server has it: for whoever sets a password without ecomdb. */
export interface ServerRule {
  /** level: MySQL looks at kinds of characters; hashes: one in the place of a password. */
  rule: PasswordRule | 'installed' | 'level' | 'lockout' | 'expiry' | 'hashes'
  policy: string
  server: string
  /**
   * in part: the server looks at some of it; ecomdb alone: it has no such rule, so a password that
   * is set by another way is not looked at for that.
   */
  verdict: 'same' | 'stricter' | 'departs' | 'in part' | 'ecomdb alone'
  /** What makes it the same; of a departure only. */
  remedies: readonly Remedy[]
}

type RuleName = ServerRule['rule']

/** The server wants as many as the policy, or more. */
export function atLeast(
  facts: HardeningFacts,
  rule: RuleName,
  policy: string,
  name: string,
  wanted: number,
): ServerRule {
  const has = numberOf(facts, name)
  const server = evidenceOf(facts, name).detail
  if (has === wanted && facts.variables.has(name)) return kept(rule, policy, server, 'same')
  if (has > wanted) return kept(rule, policy, server, 'stricter')
  return departs(rule, policy, server, [{ kind: 'setting', name, value: String(wanted) }])
}

export function kept(
  rule: RuleName,
  policy: string,
  server: string,
  verdict: Exclude<ServerRule['verdict'], 'departs'>,
): ServerRule {
  return { rule, policy, server, verdict, remedies: [] }
}

export function departs(
  rule: RuleName,
  policy: string,
  server: string,
  remedies: readonly Remedy[],
): ServerRule {
  return { rule, policy, server, verdict: 'departs', remedies }
}

/** Passwords that run out are advised against, and the policy has none. */
export function withoutExpiry(facts: HardeningFacts): ServerRule {
  const name = 'default_password_lifetime'
  const server = evidenceOf(facts, name).detail
  if (numberOf(facts, name) === 0) return kept('expiry', 'no password runs out', server, 'same')
  const remedy = { kind: 'setting', name, value: '0' } as const
  return departs('expiry', 'no password runs out', server, [remedy])
}
