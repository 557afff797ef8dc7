import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { silentProgress } from '#core/progress'
import { newestCopyRecords } from '#repository/signed-records'
import { openDirectoryTarget } from '#target/dir/directory-target'
import { commitSnapshot } from '#test/snapshots'
import { storeRepository } from '#test/stored-repository'
import { makeFolder } from '#test/temporary'
import { copyRepository } from '#workflow/copy/copy-repository'
import { prepareCopy } from '#workflow/copy/prepare-copy'

const DAY_MS = 86_400_000

test('a copy that was recorded while the clock was ahead does not hide later ones', async () => {
  const folder = await makeFolder()
  try {
    const made = await storeRepository(folder)
    const source = openDirectoryTarget(made.path)
    await mkdir(join(folder, 'disk'))
    const destination = openDirectoryTarget(join(folder, 'disk'))
    const prepared = { source, destination, label: 'disk', sameDisk: true }
    await prepareCopy({ ...prepared, clock: systemClock })
    const { recipients, trustedSigners } = made.keys.options
    const copyAt = async (aheadMs: number): Promise<void> => {
      const clock = { ...systemClock, now: () => new Date(Date.now() + aheadMs) }
      const options = {
        ...{ source, destination, eject: null, clock },
        place: { name: null, media: null, offsite: false, offline: false },
        keys: { recipients, identityFiles: [], trustedSigners, signingKeyFile: made.signingKey },
      }
      await copyRepository(options, silentProgress())
    }
    await copyAt(60 * DAY_MS)
    const { envelope } = await commitSnapshot(made.repository, made.keys.options, ['4\n'])
    for (const aheadMs of [0, -DAY_MS]) {
      await copyAt(aheadMs)
      const trust = { repositoryId: made.repository.id, trustedSigners }
      const [newest] = (await newestCopyRecords(source, trust)).records
      expect(newest?.snapshots).toHaveLength(3)
      expect(newest?.newest?.[0]?.snapshotId).toBe(envelope.snapshotId)
      expect(Date.parse(newest?.at ?? '') - Date.now()).toBeLessThan(aheadMs + 1)
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
