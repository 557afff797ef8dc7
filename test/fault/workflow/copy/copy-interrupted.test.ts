import { spawnSync } from 'node:child_process'
import { cp, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { packageRoot } from '#core/paths'
import { silentProgress } from '#core/progress'
import { openRepository } from '#repository/repository'
import { openDirectoryTarget } from '#target/dir/directory-target'
import type { Target } from '#target/target'
import { type Death, Died, MortalTarget } from '#test/mortal-target'
import { commitSnapshot } from '#test/snapshots'
import { type StoredRepository, storeRepository } from '#test/stored-repository'
import { makeFolder } from '#test/temporary'
import { verifySnapshots } from '#workflow/backup/verify-snapshots'
import { copyRepository } from '#workflow/copy/copy-repository'
import { prepareCopy } from '#workflow/copy/prepare-copy'
import { type ExpireOptions, expireSnapshots } from '#workflow/expire/expire-snapshots'

// A copy and an expire that end at every single write or removal, before and after it. Whatever
// was done: each snapshot is there whole, or not at all; and the next run gets to the end.

let folder: string
let made: StoredRepository
const deaths: readonly Death[] = ['before', 'after']

beforeAll(async () => {
  folder = await makeFolder()
  process.env['ECOMDB_STATE'] = join(folder, 'state')
  made = await storeRepository(folder)
  for (const text of ['5\n', '6\n']) {
    await commitSnapshot(made.repository, made.keys.options, ['1\n2\n', text])
  }
  await verify(openDirectoryTarget(made.path))
})
afterAll(async () => {
  delete process.env['ECOMDB_STATE']
  await rm(folder, { recursive: true, force: true })
})

const keys = () => ({
  recipients: made.keys.options.recipients,
  trustedSigners: made.keys.options.trustedSigners,
  signingKeyFile: made.signingKey,
  identityFiles: [],
})

async function verify(target: Target) {
  const options = { target, snapshot: 'all', deep: false, keys: keys(), clock: systemClock }
  return await verifySnapshots(options, silentProgress())
}

/** Ids of the snapshots that are there; each of them must be whole. */
async function wholeSnapshots(path: string): Promise<string[]> {
  const repository = await openRepository(openDirectoryTarget(path))
  const { snapshots, refused } = await repository.listSnapshots(keys().trustedSigners)
  expect(refused).toEqual([])
  for (const { objects, manifest } of snapshots) {
    for (const file of [...objects, manifest]) await repository.readStored(file)
  }
  return snapshots.map(({ snapshotId }) => snapshotId)
}

describe('copy', () => {
  async function prepared(name: string): Promise<string> {
    const path = join(folder, name)
    await mkdir(path)
    await prepareCopy({
      source: openDirectoryTarget(made.path),
      destination: openDirectoryTarget(path),
      ...{ label: name, sameDisk: true, clock: systemClock },
    })
    return path
  }

  async function copyTo(destination: Target) {
    return await copyRepository(
      {
        source: openDirectoryTarget(made.path),
        destination,
        place: { name: null, media: null, offsite: false, offline: false },
        keys: { ...keys(), signingKeyFile: undefined },
        eject: null,
        clock: systemClock,
      },
      silentProgress(),
    )
  }

  test.each(deaths)('dies %s each step', async death => {
    for (let at = 1; ; at += 1) {
      const path = await prepared(`copy-${death}-${at}`)
      const mortal = new MortalTarget(openDirectoryTarget(path), at, death)
      const ended = await copyTo(mortal.target).then(
        () => true,
        error => {
          if (!(error instanceof Died)) throw error
          return false
        },
      )
      const before = await wholeSnapshots(path)
      if (ended) {
        expect(before).toHaveLength(4)
        expect(at).toBeGreaterThan(12)
        break
      }
      const report = await copyTo(openDirectoryTarget(path))
      expect(report).toMatchObject({ outcome: 'passed', snapshots: 4, healed: [] })
      expect(await wholeSnapshots(path)).toHaveLength(4)
      await rm(path, { recursive: true })
    }
  })

  test.each([3, 9, 14])('is killed by SIGKILL at step %i', async at => {
    const path = await prepared(`killed-${at}`)
    const script = join(packageRoot(), 'test/support/copy-and-die.ts')
    const args = [made.path, path, String(at), keys().trustedSigners.join()]
    const child = spawnSync(process.execPath, [script, ...args], {
      env: { ...process.env, NODE_NO_WARNINGS: '1' },
    })
    expect(child.signal, child.stderr.toString()).toBe('SIGKILL')
    await wholeSnapshots(path)
    await copyTo(openDirectoryTarget(path))
    expect(await wholeSnapshots(path)).toHaveLength(4)
  })
})

describe('expire', () => {
  const policy: ExpireOptions['policy'] = {
    file: 'test',
    objectives: { rpoMs: null, rtoMs: null, drillEveryMs: null },
    retention: {
      ...{ last: 1, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 },
      ...{ proof: 'verify', unprovenMs: 0, waitMs: 0, logMs: null },
    },
    brake: { shrinkTo: 0, staleMs: 86_400_000, formerServers: [] },
    longestBackupMs: 0,
    runsOn: {
      backup: 'vault',
      copy: 'vault',
      verify: 'vault',
      expire: 'vault',
      drill: 'vault',
      seal: 'vault',
      access: 'vault',
      reports: 'vault',
    },
    schedule: { timeZone: 'UTC', jobs: new Map() },
    reports: [],
  }
  const expire = async (target: Target) =>
    await expireSnapshots(
      { target, keys: keys(), policy, confirm: true, accept: null, clock: systemClock },
      silentProgress(),
    )

  test.each(deaths)('dies %s each step', async death => {
    const newest = (await wholeSnapshots(made.path)).at(-1)
    for (let at = 1; ; at += 1) {
      const path = join(folder, `expire-${death}-${at}`)
      await cp(made.path, path, { recursive: true })
      const mortal = new MortalTarget(openDirectoryTarget(path), at, death)
      const ended = await expire(mortal.target).then(
        () => true,
        error => {
          if (!(error instanceof Died)) throw error
          return false
        },
      )
      expect(await wholeSnapshots(path)).toContain(newest)
      if (!ended) await expire(openDirectoryTarget(path))
      expect(await wholeSnapshots(path)).toEqual([newest])
      const rest = await expire(openDirectoryTarget(path))
      expect(rest).toMatchObject({ removed: { files: 0 }, leftovers: { files: 0 } })
      await rm(path, { recursive: true })
      if (ended) {
        expect(at).toBeGreaterThan(15)
        break
      }
    }
  })
})
