import type { HardeningFacts } from '#domain/hardening/facts'
import type { HardenStep, Mendable } from '#domain/hardening/fix-plan'
import type { Session } from './session.ts'

/** What `ecomdb harden` asks a server, and how it says what mends it. */
export interface Hardening {
  /**
   * All facts that the checks judge, in a dozen queries of catalogue tables; `audited` is the
   * audit trail's to say.
   *
   * @param now our clock, to compare with the server's
   * @throws EcomdbError PRIVILEGE_MISSING when the account would not see all of them: a check
   *   that sees half would pass what it should not
   */
  gather(session: Session, now: () => Date): Promise<HardeningFacts>
  /** What mends a check that failed, in the order in which it is to be done. */
  steps(failed: Mendable, facts: HardeningFacts): HardenStep[]
  /** @throws EcomdbError as the server refuses it */
  run(session: Session, statement: string): Promise<void>
}
