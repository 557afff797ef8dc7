import { isDeepStrictEqual } from 'node:util'
import type { Case } from './place.ts'

/** A job of ecomdb that may be cut short at any moment, and what must hold then. */
export interface Job {
  name: string
  /** Its stages, as its progress names them: it is cut short at each of them. */
  stages: readonly string[]
  /** Longest that it takes, about, in milliseconds: random moments are below. */
  lastsMs: number
  /** Brings the case to where the job begins. */
  prepare?(one: Case): Promise<void>
  args(one: Case): Promise<readonly string[]>
  /**
   * After it was cut short: completes it by the way that the tool names, and checks with a
   * real restore that nothing was harmed. Throws with what is wrong.
   */
  recover(one: Case): Promise<string>
}

/** Add a job here; every fault is tried on each. */
export const JOBS: readonly Job[] = [
  {
    name: 'backup logical',
    stages: [
      'opening the repository',
      'getting a consistent point',
      'reading, compressing, encrypting and storing rows',
      'comparing definitions',
      'committing',
    ],
    lastsMs: 2500,
    args: async () => ['backup', 'logical', '--databases', 'shop'],
    async recover(one) {
      const before = await snapshots(one)
      if (before < 1 || before > 2) throw new Error(`${before} snapshots are there, and not 1 or 2`)
      await succeeds(one, 'backup', 'logical', '--databases', 'shop')
      const after = await snapshots(one)
      if (after !== before + 1) throw new Error(`${after} snapshots after the next backup`)
      return `${before} snapshot(s) after it; ${await proveRepository(one)}`
    },
  },
  {
    name: 'backup verify',
    stages: [],
    lastsMs: 900,
    args: async () => ['backup', 'verify', '--all', '--deep'],
    recover: async one => await proveRepository(one),
  },
  {
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
    args: async () => ['drill', 'latest'],
    recover: async one => await proveRepository(one),
  },
  {
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
    async prepare(one) {
      await emptyTarget(one)
      await succeeds(one, 'backup', 'logical', '--databases', 'shop')
    },
    args: async one => await restoreArgs(one),
    async recover(one) {
      const args = await restoreArgs(one)
      let how = 'continued'
      let done = await one.ecomdb(...args, '--resume')
      // Cut short before its journal, or after it had ended.
      if (done.status === 2 && done.stderr.includes('nothing to continue')) {
        how = 'run again'
        done = await one.ecomdb(...args)
        if (done.status === 2 && done.stderr.includes('TARGET_NOT_EMPTY')) how = 'was done already'
        else if (done.status !== 0)
          throw new Error(`run again: exit ${done.status}\n${done.stderr}`)
      } else if (done.status !== 0) throw new Error(`--resume: exit ${done.status}\n${done.stderr}`)
      const { place } = one
      const was = await place.values(place.source)
      const is = await place.values(await place.target())
      if (!isDeepStrictEqual(was, is)) throw new Error(`${how}, and the values are others`)
      return `${how}; every value is that of the source`
    },
  },
]

async function restoreArgs(one: Case): Promise<string[]> {
  const { socketPath } = await one.place.target()
  return ['restore', 'latest', '--confirm', 'shop', '--socket', socketPath]
}

async function emptyTarget({ place }: Case): Promise<void> {
  await place.withSession(await place.target(), async session => {
    for (const name of ['shop', 'ecomdb_restore'])
      await session.run(`DROP DATABASE IF EXISTS ${name}`)
    await session.run("DROP USER IF EXISTS 'ann'@'%'")
  })
}

/** Runs to its end, and must end well. */
export async function succeeds(one: Case, ...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await one.ecomdb(...args)
  if (status !== 0) throw new Error(`${args.join(' ')}: exit ${status}\n${stderr}${stdout}`)
  return stdout
}

export async function snapshots(one: Case): Promise<number> {
  const listed = (await one.ecomdb('backup', 'list', '--json')).json()
  if (listed.status !== 0 || listed.result.refused.length > 0) {
    throw new Error(`the repository lists badly: ${JSON.stringify(listed)}`)
  }
  return listed.result.snapshots.length
}

/** All snapshots are whole, and the latest comes back: restored, and compared by hash. */
export async function proveRepository(one: Case): Promise<string> {
  await succeeds(one, 'backup', 'verify', '--all', '--deep')
  await succeeds(one, 'drill', 'latest')
  return 'all snapshots verified deep, the latest restored and proved'
}
