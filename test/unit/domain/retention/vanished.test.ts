import { expect, test } from 'vitest'
import { type Traces, vanishedSnapshots } from '#domain/retention/vanished'

const vanished = (traces: Partial<Traces>, ...explained: string[]): string[] =>
  vanishedSnapshots(
    {
      ...{ copyId: null, snapshots: [], attestations: [], records: [] },
      ...traces,
    },
    new Set(explained),
  )

test('a parent, and what was attested or copied, is there or was announced', () => {
  const snapshots = [
    { snapshotId: 'x', parent: null },
    { snapshotId: 'y', parent: { snapshotId: 'a', sha256: '' } },
  ]
  const attestations = [{ snapshotId: 'b' }, { snapshotId: 'c', copyId: 'disk' }]
  const records = [{ copyId: 'other', snapshots: [{ snapshotId: 'd', envelopeSha256: '' }] }]
  expect(vanished({ snapshots, attestations, records })).toEqual(['a', 'b', 'd'])
  expect(vanished({ snapshots, attestations, records }, 'a', 'b', 'd')).toEqual([])
})

test('a copy need not have all of the repository, but what was looked at there', () => {
  const snapshots = [{ snapshotId: 'y', parent: { snapshotId: 'a', sha256: '' } }]
  const attestations = [{ snapshotId: 'b' }, { snapshotId: 'c', copyId: 'disk' }]
  const records = [{ copyId: 'other', snapshots: [{ snapshotId: 'd', envelopeSha256: '' }] }]
  expect(vanished({ copyId: 'disk', snapshots, attestations, records })).toEqual(['c'])
})

test('a copy has what its own record says, and need not have the parents of that', () => {
  const held = ['b', 'c'].map(snapshotId => ({ snapshotId, envelopeSha256: '' }))
  const records = [{ copyId: 'disk', snapshots: held }]
  const child = (snapshotId: string, of: string) => ({
    ...{ snapshotId, parent: { snapshotId: of, sha256: '' } },
  })
  const snapshots = [child('b', 'a'), child('e', 'd')]
  const traces = { copyId: 'disk', snapshots }
  expect(vanished({ ...traces, records }, 'b', 'e')).toEqual(['c'])
  // What was made in it since it became the repository names what was there then.
  expect(vanished({ ...traces, records, startedHere: new Set(['e']) }, 'b', 'e')).toEqual([
    'c',
    'd',
  ])
  // Other means have brought the notices of all of them, and tombstones of the repository.
  const filled = { ...traces, records, startedHere: new Set(['b', 'e']) }
  expect(vanished(filled, 'b', 'e')).toEqual(['c', 'd'])
  expect(vanished({ ...filled, gone: new Set(['c', 'd']) }, 'b', 'e')).toEqual(['c'])
  // What a record does not list any more was brought before, and its parent may never have been.
  expect(vanished(traces, 'b', 'e')).toEqual([])
})
