import { isDeepStrictEqual } from 'node:util'
import { silentProgress } from '#core/progress'
import { verifySnapshots } from '#workflow/backup/verify-snapshots'
import { drillSnapshot } from '#workflow/restore/drill-snapshot'
import type { Case } from '../case.ts'
import type { Job } from '../job.ts'

const BACK_UP = ['backup', 'logical', '--databases', 'shop'] as const

export const backupLogical: Job = {
  name: 'backup logical',
  stages: [
    'opening the repository',
    'getting a consistent point',
    'reading, compressing, encrypting and storing rows',
    'comparing definitions',
    'committing',
  ],
  lastsMs: 2500,
  server: 'source',
  writes: 'repository',
  roomKib: 6000,
  prepare: one => keepOldEngine(one),
  args: async () => BACK_UP,
  byClock: async (one, clock) => void (await one.backUp({ clock })),
  claims: one => requireSnapshots(one, 2),
  recover: one => recoverBackup(one, BACK_UP),
}

export const backupVerify: Job = {
  name: 'backup verify',
  stages: ['reading and decrypting objects', 'looking for what was laid over, and at locks'],
  lastsMs: 900,
  server: null,
  writes: 'repository',
  roomKib: 8,
  args: async () => ['backup', 'verify', '--all', '--deep'],
  async byClock(one, clock) {
    const { config: keys } = one.place.backup
    const what = { target: await one.target(), snapshot: 'all', deep: true, keys, clock } as const
    const { outcome } = await verifySnapshots(what, silentProgress())
    if (outcome !== 'passed') throw new Error(`by the clock that is ahead: ${outcome}`)
  },
  recover: one => one.prove(),
}

export const drill: Job = {
  name: 'drill',
  stages: [
    'opening the snapshot',
    'starting a private server',
    'loading rows',
    'making keys, programs and grants',
    'reading rows back',
    'comparing definitions',
    'removing the private server',
  ],
  lastsMs: 7000,
  server: null,
  writes: 'repository',
  roomKib: 8,
  args: async () => ['drill', 'latest'],
  async byClock(one, clock) {
    const options = one.place.backup.drillOptions({ target: await one.target(), clock })
    const { outcome } = await drillSnapshot(options, silentProgress())
    if (outcome !== 'passed') throw new Error(`by the clock that is ahead: ${outcome}`)
  },
  recover: one => one.prove(),
}

export const restore: Job = {
  name: 'restore',
  stages: [
    'opening the snapshot',
    'making databases and tables',
    'loading rows',
    'making keys, programs and grants',
    'reading rows back',
    'comparing definitions',
  ],
  lastsMs: 4000,
  server: 'target',
  writes: 'repository',
  roomKib: 0,
  async prepare(one) {
    await emptyTarget(one)
    await keepOldEngine(one)
    await one.backUp()
  },
  args: one => restoreArgs(one),
  // The snapshot is of a time that has not come.
  byClock: async (one, clock) => void (await one.backUp({ clock })),
  claims: one => requireSameValues(one, 'exit 0'),
  async recover(one) {
    const args = await restoreArgs(one)
    let how = 'continued'
    let done = await one.ecomdb(...args, '--resume')
    // Cut short before its journal, or after it had ended.
    if (done.status === 2 && done.stderr.includes('nothing to continue')) {
      how = 'run again'
      done = await one.ecomdb(...args)
      if (done.status === 2 && done.stderr.includes('TARGET_NOT_EMPTY')) how = 'was done already'
      else if (done.status !== 0) throw new Error(`run again: exit ${done.status}\n${done.stderr}`)
    } else if (done.status !== 0) throw new Error(`--resume: exit ${done.status}\n${done.stderr}`)
    await requireSameValues(one, how)
    return `${how}; every value is that of the source`
  },
}

async function restoreArgs(one: Case): Promise<string[]> {
  const { socketPath } = await one.place.target()
  return ['restore', 'latest', '--confirm', 'shop', '--socket', socketPath]
}

export async function emptyTarget({ place }: Case): Promise<void> {
  const drops = ['shop', 'ecomdb_restore'].map(name => `DROP DATABASE IF EXISTS ${name}`)
  await place.run(await place.target(), ...drops, "DROP USER IF EXISTS 'ann'@'%'")
}

export async function requireSameValues({ place }: Case, how: string): Promise<void> {
  const was = await place.values(place.source)
  const is = await place.values(await place.target())
  if (!isDeepStrictEqual(was, is)) throw new Error(`${how}, and the values are others`)
}

/** CLONE would empty a MyISAM table, so the physical jobs make it InnoDB. */
export async function keepOldEngine({ place }: Case, engine = 'MyISAM'): Promise<void> {
  await place.run(place.source, `ALTER TABLE shop.old_engine ENGINE=${engine}`)
}

/** What exit 0 says: there is one more than there was. */
export async function requireSnapshots(one: Case, count: number): Promise<void> {
  const there = (await one.snapshots()).length
  if (there !== count) throw new Error(`exit 0, and ${there} snapshots are there, not ${count}`)
}

/** The one that was cut short is absent or whole; the next works, and all of them restore. */
export async function recoverBackup(one: Case, args: readonly string[]): Promise<string> {
  const before = (await one.snapshots()).length
  await one.succeeds(...args)
  const after = (await one.snapshots()).length
  if (after !== before + 1) throw new Error(`${after} snapshots after the next backup`)
  return `${before} snapshots after it, then one more; ${await one.prove()}`
}
