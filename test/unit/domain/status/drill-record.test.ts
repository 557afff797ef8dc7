import { expect, test } from 'vitest'
import type { Attestation } from '#domain/backup/attestation'
import type { SnapshotEnvelope } from '#domain/backup/envelope'
import { drillRecords, drillsOfWhole } from '#domain/status/drill-record'

const snapshot = (snapshotId: string, scope: string | null, sourceId = 'shop') =>
  ({ snapshotId, scope, sourceId, method: 'logical', consistentAt: 't' }) as SnapshotEnvelope
const drill = (snapshotId: string, details: Record<string, unknown> = {}) =>
  ({
    ...{ attestationId: snapshotId, snapshotId, kind: 'drill', outcome: 'passed', details },
  }) as Attestation

test('a drill of some databases is none of a server that has snapshots of all', () => {
  const drills = [
    drill('all'),
    drill('part'),
    drill('other', { part: true, sourceId: 'chat' }),
    drill('expired', { part: true, sourceId: 'shop' }),
    drill('whole, expired', { sourceId: 'shop' }),
  ]
  const parts = [snapshot('part', 'x'), snapshot('other', 'x', 'chat')]
  const counting = (...whole: SnapshotEnvelope[]) =>
    drillsOfWhole(drillRecords(drills, [...whole, ...parts])).map(one => one.snapshotId)
  expect(counting(snapshot('all', null))).toEqual(['all', 'other', 'whole, expired'])
  expect(counting()).toEqual(['all', 'expired', 'other', 'part', 'whole, expired'])
})
