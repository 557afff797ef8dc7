import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { wire } from '#cli/wire'
import { systemClock } from '#core/clock'
import { silentProgress } from '#core/progress'
import { MIB } from '#core/units'
import type { SnapshotEnvelope } from '#domain/backup/envelope'
import { createRepository, openRepository } from '#repository/repository'
import { openDirectoryTarget } from '#target/dir/directory-target'
import { openS3Target } from '#target/s3/open-s3-target'
import { makeBucket } from '#test/buckets'
import { cephMissing } from '#test/ceph'
import { cephOfFile } from '#test/ceph-of-file'
import { commitSnapshot, makeKeys } from '#test/snapshots'
import { withFolder } from '#test/temporary'
import { copyRepository } from '#workflow/copy/copy-repository'
import { prepareCopy } from '#workflow/copy/prepare-copy'

const missing = cephMissing()
const ceph = cephOfFile()

/** Bytes a second. */
const LIMIT = 3 * MIB
const pieces = (): string[] =>
  Array.from({ length: 12 }, () => `${randomBytes(128 * 1024).toString('base64')}\n`)
const storedBytes = ({ objects, manifest }: SnapshotEnvelope): number =>
  [...objects, manifest].reduce((sum, { bytes }) => sum + bytes, 0)

/** A bound from below: a busy machine is slower, and never faster than it may be. */
async function expectKept(bytes: number, work: () => Promise<unknown>): Promise<void> {
  const begun = performance.now()
  await work()
  expect(performance.now() - begun).toBeGreaterThan(0.8 * (bytes / LIMIT) * 1000)
}

describe.skipIf(missing)('no more bytes a second than rate_limit_mib go', () => {
  test('to a bucket, and to and from a copy of it', async () => {
    await withFolder(async folder => {
      const place = await makeBucket(ceph)
      const free = await openS3Target(place, systemClock)
      const keys = await makeKeys()
      await createRepository(free, systemClock)
      const limited = await wire.openTarget({ s3: place, rateLimit: LIMIT })
      const repository = await openRepository(limited)
      const made = await commitSnapshot(repository, keys.options, pieces())
      const bytes = storedBytes(made.envelope)
      expect(bytes).toBeGreaterThan(1.4 * MIB)
      // Once more, with other bytes, and timed.
      await expectKept(bytes, () => commitSnapshot(repository, keys.options, pieces()))

      const copy = async (source: typeof free, name: string, rateLimit?: number) => {
        const directory = join(folder, name)
        await mkdir(directory)
        const destination = openDirectoryTarget(directory)
        await prepareCopy({
          ...{ source: free, destination, label: name, sameDisk: true, clock: systemClock },
        })
        const to = rateLimit ? await wire.openTarget({ directory, rateLimit }) : destination
        const { trustedSigners, recipients } = keys.options
        const report = await copyRepository(
          {
            ...{ source, destination: to, eject: null, clock: systemClock },
            place: { name: null, media: null, offsite: false, offline: false },
            keys: { trustedSigners, recipients, identityFiles: [] },
          },
          silentProgress(),
        )
        expect(report).toMatchObject({ outcome: 'passed', snapshots: 2 })
      }
      await expectKept(2 * bytes, () => copy(limited, 'from'))
      // Written, and read back.
      await expectKept(4 * bytes, () => copy(free, 'to', LIMIT))
    })
  })
})
