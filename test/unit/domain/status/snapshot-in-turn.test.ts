import { expect, test } from 'vitest'
import type { SnapshotEnvelope } from '#domain/backup/envelope'
import { snapshotInTurn } from '#domain/status/snapshot-in-turn'

const HOUR_MS = 3_600_000
const now = new Date('2026-11-29T10:00:00Z')
const hours = (ago: number): string => new Date(now.getTime() - ago * HOUR_MS).toISOString()
const snapshot = (
  snapshotId: string,
  method: 'logical' | 'physical',
  ago: number,
  sourceId = 's',
): SnapshotEnvelope =>
  ({ snapshotId, method, sourceId, consistentAt: hours(ago) }) as SnapshotEnvelope
const drill = (method: string, ago: number, sourceId = 's') => ({
  ...{ sourceId, method, at: hours(ago) },
})
const sunday = [snapshot('rows', 'logical', 8.5), snapshot('files', 'physical', 6.5)]
const within = { now, rpoMs: 26 * HOUR_MS }

test.each([
  ['nothing was drilled: the newest', [], 'files'],
  ['files were: rows', [drill('physical', 168)], 'rows'],
  ['rows were since: files', [drill('physical', 336), drill('logical', 168)], 'files'],
  ['one that has not come is none', [drill('physical', 168), drill('logical', -48)], 'rows'],
])('%s', (_title, drills, expected) => {
  expect(snapshotInTurn(sunday, drills, within)).toBe(expected)
})

test('older than promised: the newest, whatever was drilled', () => {
  const drills = [drill('logical', 30)]
  const old = [snapshot('files', 'physical', 100), snapshot('rows', 'logical', 1)]
  expect(snapshotInTurn(old, drills, within)).toBe('rows')
  expect(snapshotInTurn(old, drills, { now, rpoMs: null })).toBe('files')
  expect(snapshotInTurn([], [], within)).toBeNull()
})

test('servers have their turn: the one that was drilled the longest ago', () => {
  const both = [snapshot('a', 'logical', 2, 't'), snapshot('b', 'logical', 1)]
  const other = (ago: number) => drill('logical', ago, 't')
  expect(snapshotInTurn(both, [], within)).toBe('b')
  expect(snapshotInTurn(both, [drill('logical', 30)], within)).toBe('a')
  expect(snapshotInTurn(both, [drill('logical', 30), other(20)], within)).toBe('b')
  expect(snapshotInTurn(both, [other(30), drill('logical', 20)], within)).toBe('a')
  // Nothing of it is young.
  const gone = [snapshot('a', 'logical', 100, 't'), snapshot('b', 'logical', 1)]
  expect(snapshotInTurn(gone, [drill('logical', 30)], within)).toBe('b')
})
