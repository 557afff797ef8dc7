import { expect, test } from 'vitest'
import { type Traces, vanishedSnapshots } from '#domain/retention/vanished'

const vanished = (traces: Partial<Traces>, ...explained: string[]): string[] =>
  vanishedSnapshots(
    { copyId: null, snapshots: [], attestations: [], records: [], ...traces },
    new Set(explained),
  )

test('a parent, and what was attested or copied, is there or was announced', () => {
  const snapshots = [{ parent: null }, { parent: { snapshotId: 'a', sha256: '' } }]
  const attestations = [{ snapshotId: 'b' }, { snapshotId: 'c', copyId: 'disk' }]
  const records = [{ snapshots: [{ snapshotId: 'd', envelopeSha256: '' }] }]
  expect(vanished({ snapshots, attestations, records })).toEqual(['a', 'b', 'd'])
  expect(vanished({ snapshots, attestations, records }, 'a', 'b', 'd')).toEqual([])
})

test('a copy need not have all of the repository, but what was looked at there', () => {
  const snapshots = [{ parent: { snapshotId: 'a', sha256: '' } }]
  const attestations = [{ snapshotId: 'b' }, { snapshotId: 'c', copyId: 'disk' }]
  const records = [{ snapshots: [{ snapshotId: 'd', envelopeSha256: '' }] }]
  expect(vanished({ copyId: 'disk', snapshots, attestations, records })).toEqual(['c'])
})
