import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { silentProgress } from '#core/progress'
import { translateStorageError } from '#core/storage-error'
import type { ExpireReport } from '#domain/retention/expire-report'
import { BinlogArchive } from '#repository/binlog-archive'
import type { Target } from '#target/target'
import { archiveFiles, inFile } from '#test/archived-files'
import { DAY_MS, Expiring } from '#test/expiring'
import { KEEP_NEWEST } from '#test/keep-newest'
import { commitSnapshot } from '#test/snapshots'
import { verifySnapshots } from '#workflow/backup/verify-snapshots'

// A disk that is full to the last block: what was announced before is all that can make room on it.

let place: Expiring

beforeEach(async () => {
  place = await Expiring.make()
})

afterEach(() => place.remove())

/** Nothing can be put there before something was removed whose name begins so. */
function full(prefix = ''): Target {
  let isFull = true
  return new Proxy(place.target, {
    get(inner, name) {
      const member: unknown = Reflect.get(inner, name)
      if (typeof member !== 'function') return member
      return (...args: unknown[]) => {
        if (name === 'remove' && String(args[0]).startsWith(prefix)) isFull = false
        if (name === 'put' && isFull) throw translateStorageError(noSpace(), 'cannot write')
        return Reflect.apply(member, inner, args)
      }
    },
  })
}

const noSpace = (): Error =>
  Object.assign(new Error('no space left on device'), { code: 'ENOSPC', syscall: 'write' })

async function commit(text: string, file: number): Promise<string> {
  const { repository, keys, target, config } = place
  const { envelope } = await commitSnapshot(repository, keys.options, [text], inFile(file))
  const options = { target, snapshot: 'all', deep: false, keys: config, clock: systemClock }
  await verifySnapshots(options, silentProgress())
  return envelope.snapshotId
}

async function expire(days: number, target = place.target): Promise<ExpireReport> {
  const retention = { ...KEEP_NEWEST.retention, waitMs: DAY_MS }
  const brake = { ...KEEP_NEWEST.brake, staleMs: 30 * DAY_MS }
  const now = new Date(Date.now() + days * DAY_MS)
  return await place.expire(now, { ...KEEP_NEWEST, retention, brake }, target)
}

const removedBy = ({ snapshots }: ExpireReport): string[] =>
  snapshots.filter(({ removed }) => removed).map(({ snapshotId }) => snapshotId)

test('what is due goes, and what is to go next is announced in the room that it leaves', async () => {
  const first = await commit('1\n', 1)
  const second = await commit('2\n', 1)
  await expire(0)
  await commit('3\n', 1)
  const report = await expire(2, full())
  expect(removedBy(report)).toEqual([first])
  expect(report.tombstoneId).not.toBeNull()
  expect(removedBy(await expire(4, full()))).toEqual([second])
  // Nothing is due: there is no room, and that is said.
  await commit('4\n', 1)
  await expect(expire(4, full())).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
})

test('of the log, too', async () => {
  const archive = await BinlogArchive.open(place.target)
  await archiveFiles(archive, place.keys, archive.newStretchId(systemClock, []), 4)
  await commit('1\n', 2)
  await commit('2\n', 3)
  expect((await expire(0)).log).toMatchObject([{ segments: 1, removed: 0 }])
  expect((await expire(2, full('binlog/'))).log).toMatchObject([{ segments: 2, removed: 1 }])
  expect((await expire(4)).log).toMatchObject([{ segments: 1, removed: 1 }])
})
