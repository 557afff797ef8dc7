import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { silentProgress } from '#core/progress'
import { writeSigningKey } from '#crypto/key-files'
import type { Attestation } from '#domain/backup/attestation'
import type { Position } from '#domain/backup/position'
import type { ExpiredLog } from '#domain/retention/expire-report'
import type { RetentionPolicy } from '#domain/retention/recovery-policy'
import { BinlogArchive } from '#repository/binlog-archive'
import { createRepository, type Repository } from '#repository/repository'
import { createDirectoryTarget } from '#target/dir/directory-target'
import type { Target } from '#target/target'
import { archiveFiles, logFile } from '#test/archived-files'
import { KEEP_NEWEST } from '#test/keep-newest'
import { commitSnapshot, makeKeys, type TestKeys } from '#test/snapshots'
import { makeFolder } from '#test/temporary'
import { expireSnapshots } from '#workflow/expire/expire-snapshots'

const DAY_MS = 86_400_000
const inFile = (number: number): Position => ({
  ...{ engine: 'mariadb', file: logFile(number), offset: 100, gtidSet: `0-1-${number}` },
})

let folder: string
let target: Target
let keys: TestKeys
let repository: Repository
let archive: BinlogArchive
let begun: number

beforeEach(async () => {
  folder = await makeFolder()
  target = await createDirectoryTarget(join(folder, 'repository'))
  keys = await makeKeys()
  await writeSigningKey(join(folder, 'signing.pem'), keys.signingKey)
  repository = await createRepository(target, systemClock)
  archive = await BinlogArchive.open(target)
  await archiveFiles(archive, keys, archive.newStretchId(systemClock, []), 3)
  begun = Date.now()
})

afterEach(() => rm(folder, { recursive: true, force: true }))

async function expireAfter(
  days: number,
  retention: Partial<RetentionPolicy>,
): Promise<readonly ExpiredLog[]> {
  const { recipients, trustedSigners } = keys.options
  const configured = { recipients, trustedSigners, identityFiles: [] }
  const policy = {
    ...KEEP_NEWEST,
    retention: { ...KEEP_NEWEST.retention, ...retention },
    brake: { shrinkTo: 0, staleMs: 1000 * DAY_MS, formerServers: [] },
    longestBackupMs: DAY_MS,
  }
  const clock = { ...systemClock, now: () => new Date(begun + days * DAY_MS) }
  const signingKeyFile = join(folder, 'signing.pem')
  const options = { target, keys: { ...configured, signingKeyFile }, policy, confirm: true }
  return (await expireSnapshots({ ...options, accept: null, clock }, silentProgress())).log
}

async function attest(snapshotId: string, kind: Attestation['kind']): Promise<void> {
  const at = new Date().toISOString()
  const claim = { snapshotId, kind, outcome: 'passed', damaged: [], details: {} } as const
  await repository.putAttestation({ ...claim, startedAt: at, completedAt: at }, keys.options)
}

async function sequencesLeft(): Promise<(number | undefined)[]> {
  const { stretches, refused } = await archive.stretches(keys.options.trustedSigners)
  expect(refused).toEqual([])
  return stretches.flatMap(({ segments }) => segments.map(({ sequence }) => sequence))
}

test('log that was announced long ago is announced again before it goes', async () => {
  await commitSnapshot(repository, keys.options, ['1\n'], inFile(2))
  const after = (days: number) => expireAfter(days, { waitMs: DAY_MS })
  const inDays = (days: number): string => new Date(begun + days * DAY_MS).toISOString()
  expect(await after(0)).toMatchObject([{ removed: 0, removeAfter: inDays(1) }])
  expect(await after(300)).toMatchObject([{ removed: 0, removeAfter: inDays(301) }])
  expect(await after(302)).toMatchObject([{ removed: 1 }])
  expect(await sequencesLeft()).toEqual([2, 3])
})

test('where the policy wants a drill, log behind the last drilled snapshot stays', async () => {
  const drilled = await commitSnapshot(repository, keys.options, ['1\n'], inFile(2))
  const verified = await commitSnapshot(repository, keys.options, ['2\n'], inFile(3))
  await attest(drilled.envelope.snapshotId, 'drill')
  await attest(verified.envelope.snapshotId, 'verify')
  const policy = { last: 9, logMs: DAY_MS, unprovenMs: 1000 * DAY_MS }
  await expireAfter(9, { ...policy, proof: 'drill' })
  expect(await sequencesLeft()).toEqual([2, 3])
  await expireAfter(9, { ...policy, proof: 'verify' })
  expect(await sequencesLeft()).toEqual([3])
})
