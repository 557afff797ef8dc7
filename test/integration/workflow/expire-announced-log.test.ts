import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { silentProgress } from '#core/progress'
import { writeSigningKey } from '#crypto/key-files'
import type { Position } from '#domain/backup/position'
import type { ExpiredLog } from '#domain/retention/expire-report'
import { BinlogArchive } from '#repository/binlog-archive'
import { createRepository } from '#repository/repository'
import { createDirectoryTarget } from '#target/dir/directory-target'
import { archiveFiles, logFile } from '#test/archived-files'
import { KEEP_NEWEST } from '#test/keep-newest'
import { commitSnapshot, makeKeys } from '#test/snapshots'
import { makeFolder } from '#test/temporary'
import { expireSnapshots } from '#workflow/expire/expire-snapshots'

const DAY_MS = 86_400_000
const IN_SECOND: Position = {
  ...{ engine: 'mariadb', file: logFile(2), offset: 100, gtidSet: '0-1-2' },
}

test('log that was announced long ago is announced again before it goes', async () => {
  const folder = await makeFolder()
  try {
    const target = await createDirectoryTarget(join(folder, 'repository'))
    const keys = await makeKeys()
    await writeSigningKey(join(folder, 'signing.pem'), keys.signingKey)
    const repository = await createRepository(target, systemClock)
    const archive = await BinlogArchive.open(target)
    await archiveFiles(archive, keys, archive.newStretchId(systemClock, []), 3)
    await commitSnapshot(repository, keys.options, ['1\n'], IN_SECOND)
    const { recipients, trustedSigners } = keys.options
    const configured = { recipients, trustedSigners, identityFiles: [] }
    const policy = {
      ...KEEP_NEWEST,
      retention: { ...KEEP_NEWEST.retention, waitMs: DAY_MS },
      brake: { shrinkTo: 0, staleMs: 1000 * DAY_MS, formerServers: [] },
      longestBackupMs: DAY_MS,
    }
    const begun = Date.now()
    const expireAfter = async (days: number): Promise<readonly ExpiredLog[]> => {
      const clock = { ...systemClock, now: () => new Date(begun + days * DAY_MS) }
      const signingKeyFile = join(folder, 'signing.pem')
      const options = { target, keys: { ...configured, signingKeyFile }, policy, confirm: true }
      return (await expireSnapshots({ ...options, accept: null, clock }, silentProgress())).log
    }
    const inDays = (days: number): string => new Date(begun + days * DAY_MS).toISOString()
    expect(await expireAfter(0)).toMatchObject([{ removed: 0, removeAfter: inDays(1) }])
    expect(await expireAfter(300)).toMatchObject([{ removed: 0, removeAfter: inDays(301) }])
    expect(await expireAfter(302)).toMatchObject([{ removed: 1 }])
    const { stretches, refused } = await archive.stretches(trustedSigners)
    expect(refused).toEqual([])
    expect(stretches[0]?.segments.map(({ sequence }) => sequence)).toEqual([2, 3])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
