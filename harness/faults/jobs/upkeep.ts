import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { policyFrom } from '#cli/flags'
import { loadConfig } from '#config/load-config'
import { silentProgress } from '#core/progress'
import { openDirectoryTarget } from '#target/dir/directory-target'
import { copyRepository } from '#workflow/copy/copy-repository'
import { expireSnapshots } from '#workflow/expire/expire-snapshots'
import { rotateKey } from '#workflow/key/rotate-key'
import type { Case } from '../case.ts'
import type { Job } from '../job.ts'
import { keepOldEngine } from './logical.ts'

export const backupCopy: Job = {
  name: 'backup copy',
  stages: [
    'opening the repository and the copy',
    'comparing',
    'copying what is missing, and reading it back',
    'copying attestations and logs',
  ],
  lastsMs: 1500,
  server: null,
  writes: 'copy',
  roomKib: 12_000,
  async prepare(one) {
    await twoSnapshots(one)
    await mkdir(one.copy, { recursive: true })
    await one.succeeds('target', 'prepare', one.copy, '--label', 'a', '--same-disk')
  },
  args: async one => ['backup', 'copy', '--to', one.copy],
  async byClock(one, clock) {
    const place = { name: null, media: null, offsite: false, offline: false }
    const destination = openDirectoryTarget(one.copy)
    const { config: keys } = one.place.backup
    await copyRepository(
      { source: await one.target(), destination, place, keys, eject: null, clock },
      silentProgress(),
    )
    await one.backUp()
  },
  claims: async one => void (await one.prove('latest', openDirectoryTarget(one.copy))),
  async recover(one) {
    // Whatever the copy has is whole, at once.
    const there = await one.ecomdb('backup', 'verify', '--all', '--from', one.copy)
    const isEmpty = there.status === 10 && there.stderr.includes('SNAPSHOT_NOT_FOUND')
    if (there.status !== 0 && !isEmpty) {
      throw new Error(`verify of the copy: exit ${there.status}\n${there.stderr}${there.stdout}`)
    }
    await one.succeeds('backup', 'copy', '--to', one.copy)
    return `the copy: ${await one.prove('latest', openDirectoryTarget(one.copy))}`
  },
}

/** Keeps the newest proven one; what was announced goes at once. */
const POLICY =
  'retention: {last: 1, daily: 0, weekly: 0, monthly: 0, yearly: 0, unproven: 0s, wait: 0s}\nlongest_backup: 0s\n'

export const backupExpire: Job = {
  name: 'backup expire',
  stages: [
    'looking at snapshots, attestations and tombstones',
    'writing the tombstone',
    'removing what was announced',
  ],
  lastsMs: 700,
  server: null,
  writes: 'repository',
  roomKib: 8,
  tellsOfClock: true,
  async prepare(one) {
    await writeFile(join(one.folder, 'recovery.yaml'), POLICY)
    await one.configure('recovery_policy: recovery.yaml')
    await one.from('three, verified', async () => {
      await keepOldEngine(one)
      await one.backUp()
      await one.backUp()
      await one.succeeds('backup', 'verify', '--all')
    })
  },
  args: async () => ['backup', 'expire', '--confirm'],
  async byClock(one, clock) {
    const config = await loadConfig({ file: one.config, environment: one.env, flags: {} })
    const policy = await policyFrom(config)
    const what = { target: await one.target(), keys: config.keys, policy, confirm: true }
    await expireSnapshots({ ...what, accept: null, clock }, silentProgress())
  },
  claims: requireNewest,
  async recover(one) {
    const [newest] = (await one.snapshots()).slice(-1)
    const done = await one.ecomdb('backup', 'expire', '--confirm')
    if (done.status !== 0) throw new Error(`expire: exit ${done.status}\n${done.stdout}`)
    const left = await one.snapshots()
    if (left.at(-1) !== newest) throw new Error('the newest is gone')
    return `${left.length} left; ${await one.prove()}`
  },
}

async function requireNewest(one: Case): Promise<void> {
  if ((await one.snapshots()).length < 1) throw new Error('exit 0, and nothing is left')
}

export const keyRotate: Job = {
  name: 'key rotate',
  stages: [],
  lastsMs: 250,
  server: null,
  writes: 'configuration',
  roomKib: 6,
  async prepare(one) {
    await keepOldEngine(one)
  },
  args: async () => ['key', 'rotate', 'operations'],
  async byClock(one, clock) {
    const config = await loadConfig({ file: one.config, environment: one.env, flags: {} })
    await rotateKey({ config, kind: 'operations', replace: null, dryRun: false, clock })
  },
  async recover(one) {
    const [old] = await one.snapshots()
    const kinds = ['operations', 'signing']
    for (const kind of kinds) await one.succeeds('key', 'rotate', kind)
    await one.succeeds('backup', 'logical', '--databases', 'shop')
    await one.succeeds('backup', 'verify', '--all', '--deep')
    await one.succeeds('drill', 'latest')
    await one.succeeds('drill', old ?? '')
    return 'rotated again; old and new snapshots open, verify and come back'
  },
}

/** A second one, whose rows are partly the first's. */
async function twoSnapshots(one: Case): Promise<void> {
  await one.from('two', async () => {
    await keepOldEngine(one)
    await one.backUp()
  })
}
