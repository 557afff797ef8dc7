import { expect } from 'vitest'
import type { Check } from '#domain/backup/check'

/** A restore that was executed, and whose every check found what was backed up. */
export function expectSameAsBefore(report: { outcome: { checks: readonly Check[] } | null }): void {
  expect(report.outcome).not.toBeNull()
  expect(report.outcome?.checks.flatMap(({ differences }) => differences)).toEqual([])
}
