import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { EcomdbError } from '#core/errors'
import { silentProgress } from '#core/progress'
import { openDirectoryTarget } from '#target/dir/directory-target'
import type { Target } from '#target/target'
import { type StoredRepository, storeRepository } from '#test/stored-repository'
import { makeFolder } from '#test/temporary'
import { verifySnapshots } from '#workflow/backup/verify-snapshots'
import { copyRepository } from '#workflow/copy/copy-repository'
import { prepareCopy } from '#workflow/copy/prepare-copy'

// The work is done, and a gateway that is gone by then, or a token, keeps it from being signed.

let made: StoredRepository
const keys = () => ({
  ...{ recipients: made.keys.options.recipients, identityFiles: [] },
  ...{ trustedSigners: made.keys.options.trustedSigners, signingKeyFile: made.signingKey },
})

beforeEach(async () => {
  const folder = await makeFolder()
  made = await storeRepository(folder)
  return async () => await rm(folder, { recursive: true, force: true })
})

function unwritable(code: 'TARGET_UNAVAILABLE' | 'AUTHENTICATION_REFUSED'): Target {
  const inner = openDirectoryTarget(made.path)
  return Object.assign(Object.create(inner), {
    ...{ label: inner.label, lock: null, list: inner.list.bind(inner) },
    ...{ shadowed: inner.shadowed.bind(inner), inspect: inner.inspect.bind(inner) },
    get: (...args: Parameters<Target['get']>) => inner.get(...args),
    readBack: (name: string) => inner.readBack(name),
    stat: (name: string) => inner.stat(name),
    put: async () => {
      throw new EcomdbError(code, { what: 'cannot write', why: 'no complete answer' })
    },
  })
}

test.each(['TARGET_UNAVAILABLE', 'AUTHENTICATION_REFUSED'] as const)(
  'what was found is told all the same: %s',
  async code => {
    const target = unwritable(code)
    const verified = await verifySnapshots(
      { target, snapshot: 'all', deep: false, keys: keys(), clock: systemClock },
      silentProgress(),
    )
    const unattested = 'no complete answer'
    const passed = { outcome: 'passed', attestationId: null, unattested }
    expect(verified).toMatchObject({ outcome: 'passed', snapshots: [passed, passed] })

    const destination = openDirectoryTarget(join(made.folder, 'disk'))
    await mkdir(destination.label)
    const prepared = { source: target, destination, label: 'disk', sameDisk: true }
    await prepareCopy({ ...prepared, clock: systemClock })
    const place = { name: null, media: null, offsite: false, offline: false }
    const copied = await copyRepository(
      { source: target, destination, place, keys: keys(), eject: null, clock: systemClock },
      silentProgress(),
    )
    expect(copied).toMatchObject({ outcome: 'passed', snapshots: 2, recordProblem: unattested })
  },
)
