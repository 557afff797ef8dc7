import { join } from 'node:path'
import { silentProgress } from '#core/progress'
import { backUpPhysically } from '#workflow/backup/back-up-physically'
import type { Case } from '../case.ts'
import type { Job } from '../job.ts'
import { keepOldEngine, recoverBackup, requireSnapshots } from './logical.ts'

const BACK_UP = ['backup', 'physical'] as const
const INCREMENT = ['backup', 'physical', '--incremental', 'latest'] as const

const STAGES = [
  'opening the repository',
  'copying, compressing, encrypting and storing files',
  'committing',
]

export const backupPhysical: Job = {
  name: 'backup physical',
  stages: STAGES,
  lastsMs: 4000,
  server: 'source',
  writes: 'repository',
  roomKib: 9000,
  prepare: one => keepOldEngine(one, 'InnoDB'),
  args: async () => BACK_UP,
  byClock: (one, clock) => byClock(one, clock, null),
  claims: one => requireSnapshots(one, 2),
  recover: one => recoverBackup(one, BACK_UP),
}

export const backupIncremental: Job = {
  name: 'backup physical --incremental',
  on: 'mariadb',
  stages: STAGES,
  lastsMs: 3000,
  server: 'source',
  writes: 'repository',
  roomKib: 800,
  async prepare(one) {
    await keepOldEngine(one, 'InnoDB')
    await one.from('with a physical one', async () => void (await one.succeeds(...BACK_UP)))
    await one.place.run(
      one.place.source,
      'UPDATE shop.noise SET n = n + 1 WHERE id % 50 = 0',
      'UPDATE shop.keyless SET n = n + 1 LIMIT 20',
    )
  },
  args: async () => INCREMENT,
  byClock: (one, clock) => byClock(one, clock, 'latest'),
  claims: one => requireSnapshots(one, 3),
  recover: one => recoverBackup(one, INCREMENT),
}

export const restoreFiles: Job = {
  name: 'restore --data-dir',
  stages: [
    'opening the snapshot',
    'reading, decrypting and writing files',
    'applying the log',
    'checking pages',
  ],
  lastsMs: 3000,
  server: null,
  writes: 'repository',
  roomKib: 0,
  async prepare(one) {
    await keepOldEngine(one, 'InnoDB')
    await one.from('with a physical one', async () => void (await one.succeeds(...BACK_UP)))
  },
  args: async one => restoreArgs(one),
  claims: requireServer,
  async recover(one) {
    // What a killed run leaves is in the way of the next one, and says so.
    const refused = await one.ecomdb(...restoreArgs(one))
    const isThere = refused.status === 2 && refused.stderr.includes('TARGET_NOT_EMPTY')
    // Of two at once one is whole: that it is so the server says.
    const inTheWay = isThere && refused.stderr.includes('a restore that was cut off')
    if (refused.status !== 0 && !isThere) {
      throw new Error(`run again: exit ${refused.status}\n${refused.stderr}`)
    }
    if (inTheWay) await one.succeeds(...restoreArgs(one), '--start-over')
    await requireServer(one)
    const found = inTheWay ? 'what was half there' : 'what was whole'
    return `${isThere ? `${found} was in the way` : 'run again'}; its server answers`
  },
}

const dataOf = (one: Case): string => join(one.folder, 'restored/data')
const restoreArgs = (one: Case): string[] => ['restore', 'latest', '--data-dir', dataOf(one)]

/** A server on a copy of the files has every row that the source has. */
async function requireServer(one: Case): Promise<void> {
  const { scratchServers, physicalBackups } = one.place.engine
  const folder = await claimed(one)
  const server = await scratchServers.start({
    folder,
    tcp: false,
    purpose: 'drill',
    serverOptions: physicalBackups.serverOptions({}),
  })
  try {
    const rows = await one.place.withSession(server, session =>
      session.value('SELECT COUNT(*) FROM shop.noise'),
    )
    if (Number(rows) < 1000) throw new Error(`the restored server has ${rows} rows`)
  } finally {
    await scratchServers.remove(folder)
  }
}

async function claimed(one: Case): Promise<string> {
  const { rename } = await import('node:fs/promises')
  const folder = join(one.folder, `server-${Math.random().toString(36).slice(2, 8)}`)
  const real = await one.place.engine.scratchServers.claim(folder)
  await rename(dataOf(one), join(real, 'data'))
  return real
}

async function byClock(
  one: Case,
  clock: Parameters<NonNullable<Job['byClock']>>[1],
  base: string | null,
): Promise<void> {
  const { engine, source, backup } = one.place
  await backUpPhysically(
    {
      ...{ engine, connect: source.administrator, target: await one.target() },
      ...{ keys: backup.config, base, cloneFolder: undefined, clock },
    },
    silentProgress(),
  )
}
