import { describe, expect, test } from 'vitest'
import type { SnapshotEnvelope } from '#domain/backup/envelope'
import type { BinlogSegment } from '#domain/binlog/segment'
import {
  chainProblem,
  fileAfter,
  holeBetween,
  isAtLeast,
  isLogFileName,
  type LogPlace,
  type Stretch,
} from '#domain/binlog/stretch'
import { segmentOfSnapshot, windowsOf } from '#domain/binlog/window'

const at = (minute: number): string => `2026-11-20T13:${String(minute).padStart(2, '0')}:00.000000Z`

function segment(sequence: number, changes: Partial<BinlogSegment> = {}): BinlogSegment {
  return {
    format: 1,
    requires: [],
    repositoryId: 'r',
    sourceId: 's',
    engine: 'mariadb',
    serverVersion: '10.11.0',
    serverUuid: null,
    serverId: 1,
    stretchId: 'a',
    sequence,
    previousSha256: sequence === 1 ? null : `sha${sequence - 1}`,
    begins: sequence === 1 ? { reason: 'first', after: null } : null,
    file: 'binlog.000001',
    from: (sequence - 1) * 100,
    to: sequence * 100,
    border: sequence * 100,
    open: null,
    nextFile: null,
    transactions: 5,
    firstAt: at(sequence * 2),
    lastAt: at(sequence * 2 + 1),
    gtidsBefore: sequence === 1 ? '' : `0-1-${(sequence - 1) * 5}`,
    gtidsAfter: `0-1-${sequence * 5}`,
    knownUntil: null,
    tail: null,
    object: { path: `p${sequence}`, bytes: 50, sha256: '' },
    recipients: [],
    closedAt: at(sequence * 2 + 1),
    tool: 'ecomdb',
    ...changes,
  }
}

function snapshot(
  snapshotId: string,
  minute: number,
  file: string,
  offset: number,
  gtidSet: string,
): SnapshotEnvelope {
  const position = { engine: 'mariadb', file, offset, gtidSet }
  const envelope = {
    snapshotId,
    consistentAt: at(minute),
    sourceId: 's',
    engine: 'mariadb',
    position,
  }
  return { ...envelope, method: 'logical' } as unknown as SnapshotEnvelope
}

const stretch = (segments: readonly BinlogSegment[]): Stretch => ({
  stretchId: segments[0]?.stretchId ?? '',
  sourceId: 's',
  segments,
  begins: segments[0]?.begins ?? { reason: 'first', after: null },
  headSha256: '',
})

describe('a chain of segments', () => {
  const hashed = (one: BinlogSegment) => ({ segment: one, sha256: `sha${one.sequence}` })

  test.each([
    ['follows', segment(2), null],
    ['a hole', segment(3), 'segment 2 is missing'],
    [
      'another one before it',
      segment(2, { previousSha256: 'x' }),
      'does not follow this segment 1',
    ],
    [
      'other bytes',
      segment(2, { from: 101 }),
      'begins at binlog.000001:101, and binlog.000001:100',
    ],
    ['another source', segment(2, { sourceId: 't' }), 'is of t'],
  ])('%s', (_name, next, problem) => {
    const found = chainProblem(hashed(segment(1)), next)
    if (problem === null) expect(found).toBeNull()
    else expect(found).toContain(problem)
  })

  test('a stretch begins at the beginning of a file, and goes on in the next file', () => {
    expect(chainProblem(null, segment(1))).toBeNull()
    expect(chainProblem(null, segment(1, { from: 4 }))).toContain('begins at binlog.000001:4')
    expect(chainProblem(null, segment(2))).toContain('segment 1 is missing')
    const ended = hashed(segment(1, { nextFile: 'binlog.000002' }))
    expect(chainProblem(ended, segment(2, { file: 'binlog.000002', from: 0 }))).toBeNull()
    expect(chainProblem(ended, segment(2))).toContain('binlog.000002:0 comes next')
    const mark = segment(2, { from: 100, to: 100, nextFile: 'binlog.000002' })
    expect(chainProblem(ended, { ...mark, hole: 'why' })).toBeNull()
    expect(chainProblem(ended, mark)).toContain('binlog.000002:0 comes next')
  })
})

test('names of files', () => {
  expect(fileAfter('binlog.000009')).toBe('binlog.000010')
  expect(fileAfter('a-b.c.999999')).toBe('a-b.c.1000000')
  expect(isAtLeast({ file: 'b.000010', offset: 4 }, { file: 'b.000009', offset: 99 })).toBe(true)
  expect(isAtLeast({ file: 'b.000009', offset: 98 }, { file: 'b.000009', offset: 99 })).toBe(false)
  for (const name of ['../b.000001', '--raw.000001', '.b.000001', 'b', 'a/b.000001']) {
    expect(isLogFileName(name), name).toBe(false)
  }
})

describe('the window', () => {
  test('of a log whose server went down with its machine', () => {
    const crashed = { from: 0, file: 'binlog.000002', crashed: true }
    const lax = ['sync_binlog = 0']
    const doubts = (before: object, after: object, ...snapshots: SnapshotEnvelope[]) =>
      windowsOf([stretch([segment(1, before), segment(2, { ...crashed, ...after })])], snapshots)[0]
        ?.doubts
    const old = snapshot('old', 2, 'binlog.000001', 50, '0-1-2')
    const young = snapshot('young', 5, 'binlog.000002', 150, '0-1-7')
    expect(doubts({}, { lax }, old)).toEqual([
      { from: at(3), until: null, why: expect.stringMatching(/had sync_binlog = 0.*lasts until/) },
    ])
    expect(doubts({ lax }, { lax }, old, young)).toMatchObject([{ from: at(3), until: at(5) }])
    expect(doubts({ lax }, { lax }, young)).toEqual([])
    expect(doubts({}, {}, old)).toEqual([])
    expect(doubts({ lax }, { crashed: false }, old)).toEqual([])
  })

  const first = stretch([segment(1), segment(2), segment(3)])

  test('begins with the oldest snapshot within the log, and ends where the log does', () => {
    const within = snapshot('x', 5, 'binlog.000001', 150, '0-1-7')
    const [window] = windowsOf([first], [within])
    expect(window?.stretches[0]?.restorable).toEqual({ from: at(5), until: at(7) })
    expect(window?.gaps).toEqual([])
  })

  test.each([
    ['of another history', snapshot('x', 5, 'binlog.000001', 150, '0-1-99')],
    ['of another file', snapshot('x', 5, 'binlog.000002', 150, '0-1-7')],
    ['behind the log', snapshot('x', 9, 'binlog.000001', 301, '0-1-16')],
    ['of another server', { ...snapshot('x', 5, 'binlog.000001', 150, '0-1-7'), sourceId: 't' }],
    ['of some databases', { ...snapshot('x', 5, 'binlog.000001', 150, '0-1-7'), scope: 'h' }],
  ])('a snapshot %s leads nowhere', (_name, other) => {
    const [window] = windowsOf([first], [other as SnapshotEnvelope])
    expect(window?.stretches[0]?.restorable).toBeNull()
    expect(window?.gaps[0]?.why).toContain('lasts until the next `ecomdb backup logical`')
  })

  test('has no gap where the log ends in the second of its first snapshot', () => {
    const log = stretch([segment(1)])
    const early = { ...snapshot('one', 3, 'binlog.000001', 90, '0-1-4') }
    const taken = { ...early, consistentAt: at(3).replace('.000000', '.400000') }
    const [source] = windowsOf([log], [taken])
    expect(source?.stretches[0]).toMatchObject({ snapshots: [{ snapshotId: 'one' }] })
    expect(source?.stretches[0]?.restorable).toBeNull()
    expect(source?.gaps).toEqual([])
  })

  test('leaves out a snapshot that is newer than a log which was longer already', () => {
    const log = stretch([segment(1), segment(2, { knownUntil: at(9) })])
    const [early, late] = [8, 10].map(minute =>
      snapshot(`m${minute}`, minute, 'binlog.000001', 150, '0-1-7'),
    )
    const within = (one?: SnapshotEnvelope) => windowsOf([log], one ? [one] : [])[0]?.stretches[0]
    expect(within(early)?.snapshots).toHaveLength(1)
    expect(within(late)?.snapshots).toEqual([])
    // Nothing had been logged since: it is at the end.
    expect(within(snapshot('e', 10, 'binlog.000001', 200, '0-1-10'))?.snapshots).toHaveLength(1)
  })

  test('leaves out a snapshot that was found bad, and names it', () => {
    const [bad, good] = [
      snapshot('x', 5, 'binlog.000001', 150, '0-1-7'),
      snapshot('y', 6, 'binlog.000001', 150, '0-1-7'),
    ]
    const [window] = windowsOf([first], [bad, good], one => one === bad)
    expect(window?.stretches[0]).toMatchObject({
      restorable: { from: at(6), until: at(7) },
      bad: [bad.snapshotId],
    })
    expect(windowsOf([first], [bad], () => true)[0]?.gaps[0]?.why).toMatch(/verify or drill.*bad/)
  })

  test('has a gap between two stretches, until the first snapshot behind it', () => {
    const begins = { reason: 'gap' as const, after: { stretchId: 'a', sequence: 3 } }
    const changes = { stretchId: 'b', file: 'binlog.000007', gtidsBefore: '0-1-40', begins }
    const later = segment(1, { ...changes, gtidsAfter: '0-1-45', firstAt: at(20), lastAt: at(30) })
    const snapshots = [
      snapshot('x', 5, 'binlog.000001', 150, '0-1-7'),
      snapshot('y', 25, 'binlog.000007', 50, '0-1-42'),
    ]
    const [window] = windowsOf([stretch([later]), first], snapshots)
    expect(window?.stretches.map(one => one.restorable)).toEqual([
      { from: at(5), until: at(7) },
      { from: at(25), until: at(30) },
    ])
    expect(window?.gaps).toEqual([
      {
        from: at(7),
        until: at(25),
        why: 'the server had purged binary logs before they were archived',
      },
    ])
  })

  test('has a gap where a whole stretch before it is gone, as long as a snapshot of before is there', () => {
    const begins = { reason: 'gap' as const, after: { stretchId: 'a', sequence: 3 } }
    const changes = { stretchId: 'b', file: 'binlog.000007', gtidsBefore: '0-1-40', begins }
    const later = segment(1, { ...changes, gtidsAfter: '0-1-45', firstAt: at(20), lastAt: at(30) })
    const x = snapshot('x', 5, 'binlog.000001', 150, '0-1-7')
    const y = snapshot('y', 25, 'binlog.000007', 50, '0-1-42')
    const gaps = (log: readonly Stretch[], ...there: SnapshotEnvelope[]) =>
      windowsOf(log, there)[0]?.gaps
    const lack = { why: expect.stringContaining('of the stretch a, which was archived before') }
    expect(gaps([stretch([later])], x, y)).toEqual([{ from: at(5), until: at(25), ...lack }])
    expect(gaps([stretch([later])], x)).toMatchObject([
      { from: at(5), until: at(20), ...lack },
      { from: at(20), until: null },
    ])
    expect(gaps([stretch([later])], y)).toEqual([])
    const trimmed = {
      ...stretch([later]),
      begins: { reason: 'trimmed' as const, after: { stretchId: 'b', sequence: 0 }, first: begins },
    }
    expect(gaps([trimmed], x, y)).toMatchObject([lack])
    expect(gaps([first, stretch([later])], x, y)).toHaveLength(1)
  })

  test('begins anew behind a segment whose bytes cannot be read', () => {
    const snapshots = [
      snapshot('x', 3, 'binlog.000001', 50, '0-1-2'),
      snapshot('y', 7, 'binlog.000001', 250, '0-1-12'),
    ]
    const [window] = windowsOf([first], snapshots, undefined, new Set(['p2']))
    expect(window?.stretches.map(one => one.restorable)).toEqual([
      { from: at(3), until: at(3) },
      { from: at(7), until: at(7) },
    ])
    const why = 'segment 2 of the archive cannot be read'
    expect(window?.gaps).toEqual([{ from: at(3), until: at(7), why }])
    const [none] = windowsOf([first], snapshots.slice(0, 1), undefined, new Set(['p2']))
    expect(none?.gaps).toMatchObject([{ from: at(3), until: null }])
    expect(none?.gaps[0]?.why).toContain(`${why}; it lasts until the next`)
    const newest = windowsOf([first], snapshots.slice(0, 1), undefined, new Set(['p3']))[0]
    expect(newest?.stretches[0]?.restorable).toEqual({ from: at(3), until: at(5) })
    expect(newest?.gaps).toMatchObject([{ from: at(5), until: null }])
    expect(windowsOf([first], snapshots, undefined, new Set(['p4']))[0]?.gaps).toEqual([])
  })

  test('does not lead over what the server did not log', () => {
    const [one, two, three] = first.segments as [BinlogSegment, BinlogSegment, BinlogSegment]
    const holed = stretch([one, { ...two, hole: 'why' }, three])
    const snapshots = [
      snapshot('x', 3, 'binlog.000001', 50, '0-1-2'),
      snapshot('at', 5, 'binlog.000001', 200, '0-1-10'),
      snapshot('y', 7, 'binlog.000001', 250, '0-1-12'),
    ]
    const [window] = windowsOf([holed], snapshots)
    const names = window?.stretches.map(part => part.snapshots.map(({ snapshotId }) => snapshotId))
    expect(names).toEqual([['x', 'at'], ['y']])
    const why = 'the server did not log all that was changed: why'
    expect(window?.gaps).toEqual([{ from: at(5), until: at(7), why }])
    const [open] = windowsOf([stretch([one, { ...two, hole: 'why' }])], snapshots)
    expect(open?.gaps).toEqual([{ from: at(5), until: null, why }])
    const [from, to] = [50, 250].map(offset => ({ file: 'binlog.000001', offset }))
    expect(holeBetween(holed, from as LogPlace, to as LogPlace)).toMatchObject({ sequence: 2 })
    expect(holeBetween(holed, to as LogPlace, to as LogPlace)).toBeNull()
  })

  test('does not begin in the rest of a file that cannot be read from its middle', () => {
    const next = segment(4, { file: 'binlog.000002', from: 0, to: 100 })
    const y = snapshot('y', 7, 'binlog.000001', 250, '0-1-12')
    const z = snapshot('z', 8, 'binlog.000002', 50, '0-1-17')
    // Without its beginning nobody knows how to read a file.
    const [shut] = windowsOf([first], [y], undefined, new Set(['p1']))
    expect(shut?.stretches.map(one => one.restorable)).toEqual([null])
    expect(shut?.gaps).toMatchObject([{ until: null, why: expect.stringContaining('FLUSH') }])
    const [open] = windowsOf(
      [stretch([...first.segments, next])],
      [y, z],
      undefined,
      new Set(['p1']),
    )
    expect(open?.stretches[0]?.snapshots.map(one => one.snapshotId)).toEqual(['z'])
    expect(open?.gaps).toEqual([])
    // mysqlbinlog reads all that lies before the place where it begins.
    const mysql = (one: BinlogSegment): BinlogSegment => ({
      ...one,
      engine: 'mysql',
      gtidsBefore: '',
      gtidsAfter: '',
    })
    const position = { engine: 'mysql', file: 'binlog.000001', offset: 250, gtidSet: '' }
    const own = { ...y, engine: 'mysql', position } as unknown as SnapshotEnvelope
    const log = stretch(first.segments.map(mysql))
    const restorable = (lost: string) =>
      windowsOf([log], [own], undefined, new Set([lost]))[0]?.stretches.at(-1)?.restorable
    expect(restorable('p2')).toBeNull()
    expect(restorable('p9')).not.toBeNull()
  })

  test('has no gap any more once no snapshot before it is left', () => {
    const begins = { reason: 'gap' as const, after: { stretchId: 'a', sequence: 3 } }
    const changes = { stretchId: 'b', file: 'binlog.000007', gtidsBefore: '0-1-40', begins }
    const later = segment(1, { ...changes, gtidsAfter: '0-1-45', firstAt: at(20), lastAt: at(30) })
    const left = [snapshot('y', 25, 'binlog.000007', 50, '0-1-42')]
    const [window] = windowsOf([first, stretch([later])], left)
    expect(window?.gaps).toEqual([])
    // But where none is left behind it either, there is nothing to begin with.
    expect(windowsOf([first, stretch([later])], [])[0]?.gaps).toHaveLength(2)
  })

  test('ends later than its last transaction where it is known that nothing came', () => {
    const quiet = segment(4, {
      from: 300,
      to: 300,
      lastAt: null,
      firstAt: null,
      knownUntil: at(50),
    })
    const [window] = windowsOf([stretch([...first.segments, quiet])], [])
    expect(window?.stretches[0]?.until).toBe(at(50))
    const here = snapshot('x', 45, 'binlog.000001', 300, '0-1-15')
    expect(segmentOfSnapshot(first, here)?.sequence).toBe(3)
  })
})
