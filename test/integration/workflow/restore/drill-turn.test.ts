import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { systemClock } from '#core/clock'
import { silentProgress } from '#core/progress'
import { openRepository } from '#repository/repository'
import { openDirectoryTarget } from '#target/dir/directory-target'
import { commitSnapshot } from '#test/snapshots'
import { type StoredRepository, storeRepository } from '#test/stored-repository'
import { makeFolder } from '#test/temporary'
import { copyRepository } from '#workflow/copy/copy-repository'
import { prepareCopy } from '#workflow/copy/prepare-copy'
import { placeWhoseTurnItIs, snapshotOfPlace } from '#workflow/restore/choose-place'

let made: StoredRepository
let disk: string
let servers: Map<string, string>
let now: Date

beforeEach(async () => {
  const folder = await makeFolder()
  vi.stubEnv('ECOMDB_STATE', join(folder, 'state'))
  made = await storeRepository(folder)
  const other = { ...made.keys.options, sourceId: 'other-server' }
  const { snapshotId } = (await commitSnapshot(made.repository, other, ['7\n'])).envelope
  servers = new Map([
    [made.second.snapshotId, 'test-source'],
    [snapshotId, 'other-server'],
  ])
  now = new Date()
  disk = join(folder, 'disk')
  await mkdir(disk)
  const source = openDirectoryTarget(made.path)
  const destination = openDirectoryTarget(disk)
  const clock = systemClock
  await prepareCopy({ source, destination, label: 'disk', sameDisk: true, clock })
  const place = { name: null, media: null, offsite: false, offline: false }
  const { recipients, trustedSigners } = made.keys.options
  const keys = { recipients, trustedSigners, identityFiles: [], signingKeyFile: made.signingKey }
  await copyRepository({ source, destination, place, keys, eject: null, clock }, silentProgress())
  return async () => await rm(folder, { recursive: true, force: true })
})
afterEach(() => void vi.unstubAllEnvs())

/** Whose turn it is, a week later, and what comes of it. */
async function drillInTurn(outcome: 'passed' | 'failed' | 'not signed'): Promise<string> {
  now = new Date(now.getTime() + 7 * 86_400_000)
  const { trustedSigners } = made.keys.options
  const turns = { trustedSigners, now, progress: silentProgress() }
  const source = openDirectoryTarget(made.path)
  const copies = [{ name: 'disk', open: async () => openDirectoryTarget(disk) }]
  const place = await placeWhoseTurnItIs(source, copies, turns)
  const snapshotId = await snapshotOfPlace(place, null, turns)
  if (outcome !== 'not signed') {
    const at = now.toISOString()
    await (await openRepository(place.target)).putAttestation(
      {
        ...{ snapshotId, kind: 'drill', outcome, startedAt: at, completedAt: at },
        ...{ damaged: [], details: { sourceId: servers.get(snapshotId), method: 'logical' } },
      },
      { ...made.keys.options, clock: { ...systemClock, now: () => now } },
    )
  }
  return `${place.name ?? 'repository'} ${servers.get(snapshotId)}`
}

test.each(['passed', 'failed'] as const)(
  'where each drill is %s, every place and every server has its turn',
  async outcome => {
    const turns: string[] = []
    for (let week = 0; week < 8; week += 1) turns.push(await drillInTurn(outcome))
    const round = [
      'repository other-server',
      'disk other-server',
      'repository test-source',
      'disk test-source',
    ]
    expect(turns).toEqual([...round, ...round])
  },
)

test('one that could not run has its turn again, and the others after it', async () => {
  const turns: string[] = []
  for (const outcome of ['not signed', 'not signed', 'failed', 'not signed'] as const)
    turns.push(await drillInTurn(outcome))
  const [first, second] = ['repository other-server', 'disk other-server']
  expect(turns).toEqual([first, first, first, second])
})
