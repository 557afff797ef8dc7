import { expect, test } from 'vitest'
import type { Attestation } from '#domain/backup/attestation'
import { isFoundBad, outcomeOfSnapshot, proofInWords } from '#domain/backup/proof-of-snapshot'

const drill = (checks: readonly object[], more: Partial<Attestation> = {}): Attestation => ({
  ...({ format: 1, kind: 'drill', outcome: 'failed', snapshotId: 's' } as Attestation),
  details: { checks },
  ...more,
})

const failed = (name: string) => ({ name, outcome: 'failed' })
const passed = (name: string) => ({ name, outcome: 'passed' })

test('a moment that failed says nothing of the snapshot, all else does', () => {
  expect(outcomeOfSnapshot(drill([passed('rows'), failed('moment')]))).toBe('passed')
  expect(outcomeOfSnapshot(drill([failed('rows'), failed('moment')]))).toBe('failed')
  expect(outcomeOfSnapshot(drill([failed('rows')]))).toBe('failed')
  expect(outcomeOfSnapshot(drill([]))).toBe('failed')
  expect(outcomeOfSnapshot(drill([failed('moment')], { kind: 'verify' }))).toBe('failed')
})

test('the newest proof in this place counts', () => {
  const copy = drill([failed('rows')], { copyId: 'c' })
  expect(isFoundBad('s', [copy], null)).toBe(false)
  expect(isFoundBad('s', [copy], 'c')).toBe(true)
  const good = drill([], { kind: 'verify', outcome: 'passed' })
  expect(isFoundBad('s', [drill([failed('rows')]), good], null)).toBe(false)
  expect(isFoundBad('s', [good, drill([failed('rows')])], null)).toBe(true)
  expect(isFoundBad('s', [good, drill([], { kind: 'accept' })], null)).toBe(false)
})

test('a proof is told as it was', () => {
  const completedAt = '2026-11-27T01:00:00.000Z'
  const at = (checks: readonly object[], more: Partial<Attestation> = {}): string =>
    proofInWords(drill(checks, { completedAt, ...more }))
  expect(at([failed('moment')])).toBe(`came back in a drill whose moment failed, at ${completedAt}`)
  expect(at([failed('rows'), failed('moment')])).toBe(`drill failed at ${completedAt}`)
  expect(at([], { outcome: 'passed' })).toBe(`drill passed at ${completedAt}`)
  expect(at([], { kind: 'verify', outcome: 'passed' })).toBe(`verify passed at ${completedAt}`)
})
