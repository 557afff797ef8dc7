import type { Clock } from '#core/clock'
import { EcomdbError } from '#core/errors'
import type { PasswordPolicy } from '#domain/credential/password-policy'
import type { ServerRule } from '#domain/credential/server-rule'
import { serverRules } from '#domain/credential/server-rules'
import type { HardeningFacts } from '#domain/hardening/facts'
import type { HardenStep } from '#domain/hardening/fix-plan'
import type { Session } from '#engine/session'
import { asAdministrator, type PeopleServer } from './people.ts'

/** The policy beside what the server itself asks of a password. */
export interface ServerPolicyReport {
  server: { engine: string; version: string; account: string }
  /** The policy's file. */
  policy: string
  rules: readonly ServerRule[]
  departures: number
}

export interface ServerPolicyStep {
  rule: string
  /** What is executed, character for character. */
  statement: string
  /** For the configuration file: MariaDB forgets a variable when it stops. */
  lines: readonly string[]
  outcome: 'planned' | 'done' | 'refused'
  /** What the server said, where it refused. */
  why: string | null
}

export interface AppliedServerPolicy {
  before: ServerPolicyReport
  steps: readonly ServerPolicyStep[]
  /** null when nothing was executed. */
  after: ServerPolicyReport | null
}

type Policy = PasswordPolicy & { file: string }

/**
 * `ecomdb policy check`: compares, and changes nothing.
 *
 * @throws EcomdbError PRIVILEGE_MISSING when the account does not see everything
 */
export async function checkServerPolicy(
  server: PeopleServer,
  policy: Policy,
  clock: Clock,
): Promise<ServerPolicyReport> {
  return await asAdministrator(server, async session => {
    return (await compare(server, session, policy, clock)).report
  })
}

/**
 * `ecomdb policy apply`: installs the server's own component or plugins and sets them, with
 * `confirm`; without, it only says so. A statement that the server refuses is told, and the next
 * one run: what the server then asks for is looked at afterwards.
 */
export async function applyServerPolicy(
  server: PeopleServer,
  policy: Policy,
  confirm: boolean,
  clock: Clock,
): Promise<AppliedServerPolicy> {
  return await asAdministrator(server, async session => {
    const { facts, report: before } = await compare(server, session, policy, clock)
    const planned = stepsOf(server, before.rules, facts)
    if (!confirm) {
      const steps = planned.map(step => ({ ...step, outcome: 'planned' as const, why: null }))
      return { before, steps, after: null }
    }
    const steps: ServerPolicyStep[] = []
    for (const step of planned) steps.push(await run(server, session, step))
    const done = steps.filter(({ outcome }) => outcome === 'done')
    if (done.length > 0) {
      const detail = { statements: done.map(({ statement }) => statement) }
      const operation = { command: 'policy apply', subject: 'passwords', detail }
      await server.engine.accessCatalog.recordOperation(session, operation)
    }
    return { before, steps, after: (await compare(server, session, policy, clock)).report }
  })
}

async function compare(
  { engine }: PeopleServer,
  session: Session,
  policy: Policy,
  clock: Clock,
): Promise<{ facts: HardeningFacts; report: ServerPolicyReport }> {
  const facts = await engine.hardening.gather(session, () => clock.now())
  const rules = serverRules(policy, facts)
  const departures = rules.filter(({ verdict }) => verdict === 'departs').length
  const server = { engine: facts.family, version: facts.version, account: facts.me }
  return { facts, report: { server, policy: policy.file, rules, departures } }
}

type Planned = Pick<ServerPolicyStep, 'rule' | 'statement' | 'lines'>

/** One variable may stand for two rules: it is set once. */
function stepsOf(
  { engine }: PeopleServer,
  rules: readonly ServerRule[],
  facts: HardeningFacts,
): Planned[] {
  const compiled = rules.flatMap(({ rule, remedies }): HardenStep[] =>
    engine.hardening.steps({ check: { id: rule }, remedies }, facts),
  )
  const byText = new Map(compiled.map(step => [step.text, step]))
  return [...byText.values()].map(({ check, text, lines }) => ({
    rule: check,
    statement: text,
    lines,
  }))
}

async function run(
  { engine }: PeopleServer,
  session: Session,
  step: Planned,
): Promise<ServerPolicyStep> {
  try {
    await engine.hardening.run(session, step.statement)
    return { ...step, outcome: 'done', why: null }
  } catch (error) {
    if (!(error instanceof EcomdbError) || error.code === 'SERVER_LOST') throw error
    return { ...step, outcome: 'refused', why: error.why ?? error.what }
  }
}
