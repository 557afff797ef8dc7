import { rename, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { loadConfig } from '#config/load-config'
import { systemClock } from '#core/clock'
import { silentProgress } from '#core/progress'
import { envelopeFile, SNAPSHOTS } from '#repository/layout'
import { openDirectoryTarget } from '#target/dir/directory-target'
import { KEEP_NEWEST } from '#test/keep-newest'
import { contentsOf, type StoredRepository, storeRepository } from '#test/stored-repository'
import { makeFolder } from '#test/temporary'
import { verifySnapshots } from '#workflow/backup/verify-snapshots'
import { expireSnapshots } from '#workflow/expire/expire-snapshots'
import { backupStatus } from '#workflow/status/backup-status'

// `rdfind -makesymlinks` does the second by accident. A listing has nothing behind a link, a look by name has.

let made: StoredRepository

beforeEach(async () => {
  const folder = await makeFolder()
  made = await storeRepository(folder)
  return async () => await rm(folder, { recursive: true, force: true })
})

test.each([
  ['folder', (id: string) => `${SNAPSHOTS}${id}`],
  ['envelope', envelopeFile],
])(
  'a snapshot whose %s is behind a symbolic link has vanished, and keeps its objects',
  async (_, placeOf) => {
    const target = openDirectoryTarget(made.path)
    const keys = {
      ...{ recipients: made.keys.options.recipients, identityFiles: [made.identity] },
      ...{ trustedSigners: made.keys.options.trustedSigners, signingKeyFile: made.signingKey },
    }
    await verifySnapshots(
      { target, snapshot: 'all', deep: false, keys, clock: systemClock },
      silentProgress(),
    )
    const { snapshotId } = made.first
    const place = join(made.path, placeOf(snapshotId))
    const aside = join(made.folder, 'aside')
    await rename(place, aside)
    await symlink(aside, place)
    const before = await contentsOf(join(made.path, 'objects'))

    const options = { target, keys, policy: KEEP_NEWEST, accept: null, clock: systemClock }
    const expired = await expireSnapshots({ ...options, confirm: true }, silentProgress())
    expect(expired.anomalies).toMatchObject([
      { snapshotId, kind: 'vanished', detail: expect.stringContaining('symbolic link') },
    ])
    expect(await contentsOf(join(made.path, 'objects'))).toEqual(before)
    const clock = systemClock
    const config = { ...(await loadConfig({ file: made.config, environment: {} })), keys }
    const openCopy = async () => null as never
    const status = await backupStatus({
      ...{ source: target, config, policy: KEEP_NEWEST, openCopy, clock },
    })
    expect(status.vanished).toEqual([snapshotId])
  },
)
