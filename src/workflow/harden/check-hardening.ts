import type { Clock } from '#core/clock'
import type { Progress } from '#core/progress'
import { HARDENING_CHECKS } from '#domain/hardening/checks'
import type { HardeningFacts } from '#domain/hardening/facts'
import { fixOf } from '#domain/hardening/fix-plan'
import {
  type HardenReport,
  hardenReport,
  type JudgedCheck,
  judgeAll,
} from '#domain/hardening/harden-report'
import type { HardenPolicy } from '#domain/hardening/policy'
import type { Engine } from '#engine/engine'
import type { ConnectOptions, Session } from '#engine/session'

export interface HardenOptions {
  /** Without `database`: the shop need not exist. */
  connect: ConnectOptions
  policy: HardenPolicy
  clock: Clock
}

/** What was seen on the server, and what is thought of it. */
export interface Judged {
  facts: HardeningFacts
  judged: readonly JudgedCheck[]
  report: HardenReport
}

/**
 * `ecomdb harden check`: thirty checks of the server and its accounts. It changes nothing.
 *
 * @throws EcomdbError PRIVILEGE_MISSING when the account does not see everything
 */
export async function checkHardening(
  engine: Engine,
  options: HardenOptions,
  progress: Progress,
): Promise<HardenReport> {
  progress.stage('reading settings, accounts and privileges')
  const session = await engine.connect({ ...options.connect, database: undefined })
  try {
    return (await lookAt(engine, session, options)).report
  } finally {
    await session.close()
  }
}

export async function lookAt(
  engine: Engine,
  session: Session,
  { policy, clock }: HardenOptions,
): Promise<Judged> {
  const seen = await engine.hardening.gather(session, () => clock.now())
  const facts = { ...seen, audited: await auditedTables(engine, session) }
  const judged = judgeAll(HARDENING_CHECKS, facts, policy)
  const report = hardenReport(judged, facts, policy, clock.now(), one =>
    fixOf(engine.hardening.steps(one, facts)),
  )
  return { facts, judged, report }
}

async function auditedTables(
  { auditTrail }: Engine,
  session: Session,
): Promise<HardeningFacts['audited']> {
  const trail = await auditTrail.readTrail(session)
  if (!trail) return null
  const names = trail.tables.map(({ table }) => table)
  return await auditTrail.status(session, trail.shopDatabase, names)
}
