import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import type { Attestation } from '#domain/backup/attestation'
import type { ExpiredLog } from '#domain/retention/expire-report'
import type { RetentionPolicy } from '#domain/retention/recovery-policy'
import { BinlogArchive } from '#repository/binlog-archive'
import { archiveFiles, inFile } from '#test/archived-files'
import { DAY_MS, Expiring } from '#test/expiring'
import { KEEP_NEWEST } from '#test/keep-newest'
import { commitSnapshot } from '#test/snapshots'

let place: Expiring
let archive: BinlogArchive
let begun: number
const at = (days: number): Date => new Date(begun + days * DAY_MS)

beforeEach(async () => {
  place = await Expiring.make()
  archive = await BinlogArchive.open(place.target)
  await archiveFiles(archive, place.keys, archive.newStretchId(systemClock, []), 3)
  begun = Date.now()
})

afterEach(() => place.remove())

async function expireAfter(
  days: number,
  retention: Partial<RetentionPolicy>,
): Promise<readonly ExpiredLog[]> {
  const policy = {
    ...KEEP_NEWEST,
    retention: { ...KEEP_NEWEST.retention, ...retention },
    brake: { shrinkTo: 0, staleMs: 1000 * DAY_MS, formerServers: [] },
    longestBackupMs: DAY_MS,
  }
  return (await place.expire(at(days), policy)).log
}

async function attest(snapshotId: string, kind: Attestation['kind']): Promise<void> {
  const at = new Date().toISOString()
  const claim = { snapshotId, kind, outcome: 'passed', damaged: [], details: {} } as const
  await place.repository.putAttestation(
    { ...claim, startedAt: at, completedAt: at },
    place.keys.options,
  )
}

async function sequencesLeft(): Promise<(number | undefined)[]> {
  const { stretches, refused } = await archive.stretches(place.keys.options.trustedSigners)
  expect(refused).toEqual([])
  return stretches.flatMap(({ segments }) => segments.map(({ sequence }) => sequence))
}

test('log that was announced long ago is announced again before it goes', async () => {
  await commitSnapshot(place.repository, place.keys.options, ['1\n'], inFile(2))
  const after = (days: number) => expireAfter(days, { waitMs: DAY_MS })
  const inDays = (days: number): string => at(days).toISOString()
  expect(await after(0)).toMatchObject([{ removed: 0, removeAfter: inDays(1) }])
  expect(await after(300)).toMatchObject([{ removed: 0, removeAfter: inDays(301) }])
  expect(await after(302)).toMatchObject([{ removed: 1 }])
  expect(await sequencesLeft()).toEqual([2, 3])
})

test('where the policy wants a drill, log behind the last drilled snapshot stays', async () => {
  const drilled = await commitSnapshot(place.repository, place.keys.options, ['1\n'], inFile(2))
  const verified = await commitSnapshot(place.repository, place.keys.options, ['2\n'], inFile(3))
  await attest(drilled.envelope.snapshotId, 'drill')
  await attest(verified.envelope.snapshotId, 'verify')
  const policy = { last: 9, logMs: DAY_MS, unprovenMs: 1000 * DAY_MS }
  await expireAfter(9, { ...policy, proof: 'drill' })
  expect(await sequencesLeft()).toEqual([2, 3])
  await expireAfter(9, { ...policy, proof: 'verify' })
  expect(await sequencesLeft()).toEqual([3])
})
