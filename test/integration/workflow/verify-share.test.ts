import { rm } from 'node:fs/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { silentProgress } from '#core/progress'
import { translateStorageError } from '#core/storage-error'
import type { VerifyReport } from '#domain/backup/repository-report'
import { openDirectoryTarget } from '#target/dir/directory-target'
import type { Target } from '#target/target'
import { type StoredRepository, storeRepository } from '#test/stored-repository'
import { makeFolder } from '#test/temporary'
import { verifySnapshots } from '#workflow/backup/verify-snapshots'

let folder: string
let made: StoredRepository

beforeEach(async () => {
  folder = await makeFolder()
  made = await storeRepository(folder)
})

afterEach(() => rm(folder, { recursive: true, force: true }))

/** The repository, where each read of an object ends so. */
function withErrors(code: string): Target {
  const inner = openDirectoryTarget(made.path)
  const unlessBad = async <T>(name: string, read: () => Promise<T>): Promise<T> => {
    const error = Object.assign(new Error(code), { code, syscall: 'open' })
    if (name.startsWith('objects/')) throw translateStorageError(error, `cannot read ${name}`)
    return await read()
  }
  const instead: Partial<Target> = {
    get: async (name, part) => await unlessBad(name, () => inner.get(name, part)),
    readBack: async name => await unlessBad(name, () => inner.readBack(name)),
  }
  return new Proxy(inner, {
    get(target, name) {
      const member: unknown = Reflect.get(instead, name) ?? Reflect.get(target, name)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}

async function verified(target: Target): Promise<VerifyReport> {
  const { recipients, trustedSigners } = made.keys.options
  const keys = { recipients, trustedSigners, identityFiles: [], signingKeyFile: made.signingKey }
  const options = { target, snapshot: 'all', deep: false, keys, clock: systemClock }
  return await verifySnapshots(options, silentProgress())
}

const attestations = async (): Promise<unknown[]> => [
  ...(await made.repository.listAttestations(made.keys.options.trustedSigners)).attestations,
]

test.each(['ETIMEDOUT', 'ENOTCONN', 'Unknown system error -116', 'EMFILE', 'ENOMEM'])(
  'what a share, or this machine, does not give now (%s) is not signed as damage',
  async code => {
    await expect(verified(withErrors(code))).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
    expect(await attestations()).toEqual([])
  },
)

test('what a disk does not give back is', async () => {
  const report = await verified(withErrors('EIO'))
  expect(report.snapshots.map(({ outcome }) => outcome)).toEqual(['failed', 'failed'])
  expect(await attestations()).toHaveLength(2)
})
