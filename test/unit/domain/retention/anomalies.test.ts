import { expect, test } from 'vitest'
import type { SnapshotEnvelope } from '#domain/backup/envelope'
import { acceptancesThatStay, findAnomalies } from '#domain/retention/anomalies'
import { filesOnlyOf } from '#domain/retention/removable-files'

const NOW = new Date('2026-11-20T12:00:00Z')
const POLICY = { shrinkTo: 0.5, staleMs: 3 * 86_400_000, formerServers: [] }

function envelope(day: number, change: Partial<SnapshotEnvelope> = {}): SnapshotEnvelope {
  const consistentAt = new Date(NOW.getTime() - day * 86_400_000).toISOString()
  return {
    ...{ format: 1, requires: [], repositoryId: 'r', snapshotId: `before-${day}` },
    ...{ method: 'logical', engine: 'mariadb', serverVersion: '10.11.0', sourceId: 'shop' },
    ...{ startedAt: consistentAt, consistentAt, completedAt: consistentAt, tool: 't' },
    manifest: { path: `snapshots/${day}/manifest.age`, bytes: 10, sha256: '' },
    objects: [],
    tables: [
      { id: 'orders', rows: 1000, bytes: 100_000, chunkStep: null },
      { id: 'products', rows: 4, bytes: 400, chunkStep: null },
    ],
    ...{ parent: null, recipients: [], lockUntil: null },
    ...change,
  }
}

const kinds = (
  snapshots: readonly SnapshotEnvelope[],
  accepted: ReadonlyMap<string, ReadonlySet<string>> = new Map(),
) => findAnomalies(snapshots, accepted, POLICY, NOW).map(one => `${one.snapshotId} ${one.kind}`)

const tables = (orders: number): Partial<SnapshotEnvelope> => ({
  tables: [{ id: 'orders', rows: orders, bytes: orders * 100, chunkStep: null }],
})

test('a quiet shop has none', () => {
  expect(kinds([envelope(2), envelope(1), envelope(0)])).toEqual([])
  expect(kinds([])).toEqual([])
})

test('half of it is gone, a table is gone, a table is empty', () => {
  expect(kinds([envelope(1), envelope(0, tables(400))])).toEqual([
    'before-0 shrunk',
    'before-0 table-missing',
  ])
  const emptied = { tables: envelope(0).tables.map(table => ({ ...table, rows: 0 })) }
  expect(kinds([envelope(1), envelope(0, emptied)])).toEqual(['before-0 table-emptied'])
})

test('what goes away in small steps is told, once', () => {
  const sized = (day: number, rows: number) => {
    const all = envelope(day)
    return { ...all, tables: all.tables.map(table => ({ ...table, bytes: rows, rows })) }
  }
  const steps = [sized(5, 1000), sized(4, 700), sized(3, 510), sized(2, 400), sized(1, 300)]
  expect(kinds(steps)).toEqual(['before-2 shrunk'])
  expect(kinds(steps, new Map([['before-2', new Set(['shrunk'])]]))).toEqual([])
  // And again where it goes on.
  expect(kinds([...steps, sized(0, 190)])).toEqual(['before-2 shrunk', 'before-0 shrunk'])
})

test('data files are compared by their content, and not by the packs that they share', () => {
  const files = (day: number, stored: number, contentBytes?: number) =>
    envelope(day, {
      ...{ method: 'physical', tables: [], index: 'i' },
      objects: [{ path: 'p', bytes: stored, sha256: '' }],
      ...(contentBytes === undefined ? {} : { contentBytes }),
    })
  expect(kinds([files(1, 100, 200), files(0, 40, 190)])).toEqual([])
  expect(kinds([files(1, 100, 200), files(0, 100, 90)])).toEqual(['before-0 shrunk'])
  // One that does not tell is compared by what is stored.
  expect(kinds([files(1, 100), files(0, 40, 190)])).toEqual(['before-0 shrunk'])
  expect(kinds([files(1, 100), files(0, 60, 1)])).toEqual([])
})

test('what went wrong some time ago is told until it is accepted', () => {
  const snapshots = [
    envelope(9),
    envelope(2, tables(1)),
    envelope(1, tables(1)),
    envelope(0, tables(1)),
  ]
  expect(kinds(snapshots)).toEqual(['before-2 shrunk', 'before-2 table-missing'])
  const some = new Map([['before-2', new Set(['shrunk'])]])
  expect(kinds(snapshots, some)).toEqual(['before-2 table-missing'])
  const all = new Map([['before-2', new Set(['shrunk', 'table-missing'])]])
  expect(kinds(snapshots, all)).toEqual([])
})

test('what was accepted at a snapshot that goes stays so at the next one, and nothing else does', () => {
  const snapshots = [envelope(9), envelope(2, tables(900)), envelope(1, tables(800)), envelope(0)]
  const accepted = new Map([['before-2', new Set(['table-missing'])]])
  const staying = (...going: string[]) =>
    acceptancesThatStay(snapshots, new Set(going), accepted, POLICY, NOW)
  expect(staying()).toEqual([])
  expect(staying('before-1')).toEqual([])
  expect(staying('before-9', 'before-2')).toEqual([])
  expect(staying('before-2')).toEqual([
    { snapshotId: 'before-1', kinds: ['table-missing'], from: ['before-2'] },
  ])
  snapshots.splice(2, 1, envelope(1, tables(400)))
  snapshots.splice(1, 1, envelope(2, tables(700)))
  expect(staying('before-2')[0]?.kinds).toEqual(['table-missing'])
})

test('what was accepted as shrunk is not told of a later one, behind one that is just large enough', () => {
  const snapshots = [
    ...[envelope(20, tables(1000)), envelope(3, tables(490))],
    ...[envelope(2, tables(510)), envelope(1, tables(490)), envelope(0, tables(100))],
  ]
  const accepted = new Map([['before-3', new Set(['shrunk'])]])
  expect(kinds(snapshots, accepted)).toEqual(['before-0 shrunk'])
  const going = new Set(['before-3'])
  expect(acceptancesThatStay(snapshots, going, accepted, POLICY, NOW)).toEqual([
    { snapshotId: 'before-1', kinds: ['shrunk'], from: ['before-3'] },
  ])
})

test('time runs backwards, or is ahead, or stands still', () => {
  const back = envelope(0, { consistentAt: envelope(2).consistentAt })
  expect(kinds([envelope(1), back])).toEqual(['before-0 time-backwards'])
  expect(kinds([envelope(1), envelope(-2)])).toEqual(['before--2 future'])
  expect(kinds([envelope(9), envelope(8)])).toEqual(['before-8 stale'])
})

test('servers, methods and sets of databases are not compared with each other', () => {
  const small = tables(1)
  for (const other of [{ sourceId: 'b' }, { method: 'physical' as const }, { scope: 'x' }]) {
    expect(kinds([envelope(1), envelope(0, { ...small, ...other })])).toEqual([])
  }
})

test('an incremental one is not called small beside a full one', () => {
  const sized = (day: number, bytes: number, base: string | null) =>
    envelope(day, {
      ...{ method: 'physical', tables: [], base },
      objects: [{ path: `objects/${day}`, bytes, sha256: '' }],
    })
  const full = sized(2, 1000, null)
  expect(kinds([full, sized(1, 10, 'before-2'), sized(0, 900, null)])).toEqual([])
  expect(kinds([full, sized(0, 400, null)])).toEqual(['before-0 shrunk'])
})

test('only what no other envelope names is removed', () => {
  const object = (path: string) => ({ path, bytes: 1, sha256: '' })
  const [a, b, c] = [
    envelope(3, { objects: [object('shared'), object('own')] }),
    envelope(2, { objects: [object('shared'), object('mine')] }),
    envelope(1, { objects: [object('snapshots/3/manifest.age')] }),
  ]
  expect(filesOnlyOf([a, b], [])).toEqual([
    'mine',
    'own',
    'shared',
    'snapshots/2/manifest.age',
    'snapshots/3/manifest.age',
  ])
  expect(filesOnlyOf([a], [b, c])).toEqual(['own'])
})

test('a young snapshot of some databases does not hide that there is no new one of all', () => {
  const parts = [envelope(1, { scope: 'x' }), envelope(0, { scope: 'x' })]
  expect(kinds([envelope(9), ...parts])).toEqual(['before-9 stale'])
  expect(kinds([envelope(2), ...parts])).toEqual([])
  expect(kinds(parts)).toEqual([])
})
