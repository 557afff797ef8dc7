import { expect, test } from 'vitest'
import type { Attestation } from '#domain/backup/attestation'
import { foundBad, outcomeOfSnapshot, proofInWords } from '#domain/backup/proof-of-snapshot'

const drill = (checks: readonly object[], more: Partial<Attestation> = {}): Attestation => ({
  ...({ format: 1, kind: 'drill', outcome: 'failed', snapshotId: 's' } as Attestation),
  damaged: [],
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

const named = (snapshotId: string, ...paths: string[]) => ({
  snapshotId,
  manifest: { path: `manifest of ${snapshotId}`, bytes: 1, sha256: '' },
  objects: paths.map(path => ({ path, bytes: 1, sha256: '' })),
})
const isFoundBad = (id: string, ...about: [Attestation[], string | null]) =>
  foundBad([named('s', 'own')], ...about).has(id)

test('the newest proof in this place counts', () => {
  const copy = drill([failed('rows')], { copyId: 'c' })
  expect(isFoundBad('s', [copy], null)).toBe(false)
  expect(isFoundBad('s', [copy], 'c')).toBe(true)
  const good = drill([], { kind: 'verify', outcome: 'passed' })
  expect(isFoundBad('s', [drill([failed('rows')]), good], null)).toBe(false)
  expect(isFoundBad('s', [good, drill([failed('rows')])], null)).toBe(true)
  expect(isFoundBad('s', [good, drill([], { kind: 'accept' })], null)).toBe(false)
})

test('a file that was found damaged speaks against all that share it, until it has been read again', () => {
  const snapshots = [named('first', 'old'), named('s', 'old', 'shared'), named('next', 'shared')]
  const about = (snapshotId: string, more: Partial<Attestation> = {}): Attestation =>
    drill([], { kind: 'verify', outcome: 'passed', snapshotId, damaged: [], ...more })
  const damaged = [{ path: 'shared', problem: 'it has changed' }]
  const failure = about('next', { outcome: 'failed', damaged })
  const bad = (...attestations: Attestation[]) => [...foundBad(snapshots, attestations, null)]
  expect(bad(about('s'), failure)).toEqual(['s', 'next'])
  expect(bad(failure)).toEqual(['s', 'next'])
  expect(bad(failure, about('first'))).toEqual(['s', 'next'])
  expect(bad(failure, about('s'))).toEqual(['next'])
  expect(bad(about('s'), failure, about('next'))).toEqual([])
  // A drill reads of a pack what its own snapshot needs.
  expect(bad(about('s'), failure, about('next', { kind: 'drill' }))).toEqual(['s'])
  expect(bad(about('s'), { ...failure, copyId: 'c' })).toEqual([])
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
