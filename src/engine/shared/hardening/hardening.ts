import type { Hardening } from '../../hardening.ts'
import { compileSteps } from './compile-steps.ts'
import type { HardeningDialect } from './dialect.ts'
import { gatherFacts } from './gather-facts.ts'

export function hardening(dialect: HardeningDialect): Hardening {
  return {
    gather: (session, now) => gatherFacts(session, dialect, now),
    steps: (failed, facts) => compileSteps(failed, facts, dialect),
    async run(session, statement) {
      await session.run(statement)
    },
  }
}
