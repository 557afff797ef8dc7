import { expect, test } from 'vitest'
import {
  decideNotices,
  NOTHING_TOLD,
  noticesSubject,
  noticesText,
  type Problem,
} from '#domain/notify/decide-notices'

const HOUR = 3_600_000
const T0 = Date.parse('2026-11-27T01:30:00Z')
const disk: Problem = { key: 'job copy', what: 'copy failed: no disk', next: ['mount it'] }
const rpo: Problem = { key: 'objective rpo', what: 'RPO missed', next: [] }

test('told when it comes, again after a day, and once when it is over', () => {
  let told = NOTHING_TOLD
  const look = (hours: number, problems: Problem[], scope?: string): string[] => {
    const options = { now: T0 + hours * HOUR, repeatMs: 24 * HOUR }
    const found = decideNotices(
      told,
      problems,
      scope === undefined ? options : { ...options, scope },
    )
    told = found.told
    return found.notices.map(({ kind, key }) => `${kind} ${key}`)
  }
  expect(look(0, [disk])).toEqual(['new job copy'])
  expect(look(1, [disk])).toEqual([])
  expect(look(2, [disk, rpo])).toEqual(['new objective rpo'])
  expect(look(23, [disk, rpo])).toEqual([])
  expect(look(24, [disk, rpo])).toEqual(['still job copy'])
  // Whoever knows of jobs only does not take back the objective.
  expect(look(25, [], 'job ')).toEqual(['over job copy'])
  expect(look(25, [rpo])).toEqual([])
  expect(look(26, [])).toEqual(['over objective rpo'])
  expect(look(27, [])).toEqual([])
  expect(look(28, [disk])).toEqual(['new job copy'])
  // A clock that was put back.
  expect(look(1, [disk])).toEqual(['still job copy'])
})

test('what comes to a problem that goes on is news, and told once', () => {
  let told = NOTHING_TOLD
  const look = (hours: number, ...parts: string[]): string[] => {
    const problem = { key: 'status 3-2-1-1-0', what: `not met: ${parts}`, next: [], parts }
    const options = { now: T0 + hours * HOUR, repeatMs: 30 * 24 * HOUR }
    const found = decideNotices(told, parts.length > 0 ? [problem] : [], options)
    told = found.told
    return found.notices.map(({ kind, what, since }) => `${kind} ${(since - T0) / HOUR} ${what}`)
  }
  expect(look(0, 'off site')).toEqual(['new 0 not met: off site'])
  expect(look(1, 'off site', 'A vanished')).toEqual(['new 0 not met: off site,A vanished'])
  expect(look(2, 'off site', 'A vanished')).toEqual([])
  // Less of it is no news, nor is what was told before.
  expect(look(3, 'off site')).toEqual([])
  expect(look(4, 'off site', 'A vanished')).toEqual([])
  expect(look(720 + 1, 'off site', 'A vanished')).toEqual(['still 0 not met: off site,A vanished'])
  expect(look(720 + 2, 'B vanished')).toEqual(['new 0 not met: B vanished'])
  // Told by a version that knew of no parts.
  const { parts: _, ...before } = told.problems['status 3-2-1-1-0'] ?? {
    what: '',
    since: 0,
    toldAt: 0,
  }
  told = { format: 1, problems: { 'status 3-2-1-1-0': before } }
  expect(look(720 + 3, 'B vanished')).toEqual([])
  expect(look(720 + 4)).toEqual(['over 0 not met: B vanished'])
})

test('the text says what to do next', () => {
  const { notices } = decideNotices(NOTHING_TOLD, [disk, rpo], { now: T0, repeatMs: 1 })
  expect(noticesSubject('db1', notices)).toBe('db1, ecomdb: copy failed: no disk (and 1 more)')
  expect(noticesText(notices)).toBe(
    'PROBLEM: copy failed: no disk\n  since 2026-11-27 01:30 UTC\n  next: mount it\n\nPROBLEM: RPO missed\n  since 2026-11-27 01:30 UTC',
  )
})
