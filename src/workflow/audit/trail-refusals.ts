import { EcomdbError } from '#core/errors'
import type { AnchorState } from './anchor-set.ts'

export function noTrail(database: string): EcomdbError {
  return new EcomdbError('SCHEMA_MISSING', {
    what: `${database} has no audit trail`,
    hints: ['run `ecomdb audit install` first'],
  })
}

export function rolledBack(batch: number, ahead: AnchorState | null): EcomdbError {
  return new EcomdbError('TRAIL_BROKEN', {
    what: `the trail was rolled back: the database ends at batch ${batch}, and ${ahead?.label} has ${ahead?.last}`,
    why: 'it was restored to an earlier state without saying so, or somebody removed batches',
    hints: [
      '`ecomdb restore` says so by itself where the audit key is; elsewhere say why: `ecomdb audit seal --epoch-break REASON`',
    ],
  })
}

export function noBreak(): EcomdbError {
  return new EcomdbError('USAGE', {
    what: 'there is no epoch to break: the database has all that the anchors have',
    hints: ['leave --epoch-break out'],
  })
}
