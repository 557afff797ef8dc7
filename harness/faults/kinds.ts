import { spawnSync } from 'node:child_process'
import { appendFile, mkdir, readdir, readFile, rename, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '#domain/sample/random'
import { backUpAt } from './clock.ts'
import { type Job, proveRepository, snapshots, succeeds } from './jobs.ts'
import type { Case, Interference, ToolRun } from './place.ts'

/** Something that goes wrong while a job runs. */
export interface Fault {
  name: string
  appliesTo(job: Job): boolean
  /** @returns what was seen, in words; throws when the invariant does not hold */
  run(one: Case, job: Job, random: Random): Promise<string>
}

const always = (): boolean => true
const isBackup = (job: Job): boolean => job.name === 'backup logical'
const kill = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

/** Cuts the job short, and looks whether that did harm. A run that was done before is one, too. */
async function cutShort(one: Case, job: Job, how: Interference): Promise<string> {
  await job.prepare?.(one)
  const run = await one.interfered(await job.args(one), how)
  const ended = run.status === null ? 'killed' : `exit ${run.status}`
  requireHonest(run)
  return `${ended}; ${await job.recover(one)}`
}

/** Only a run that has done its work ends with 0. */
function requireHonest({ status, stderr }: ToolRun): void {
  if (status === 1) throw new Error(`a bug: exit 1\n${stderr}`)
}

export const FAULTS: readonly Fault[] = [
  {
    name: 'SIGKILL at a stage',
    appliesTo: job => job.stages.length > 0,
    run: (one, job, random) => cutShort(one, job, { atStage: random.pick(job.stages), act: kill }),
  },
  {
    name: 'SIGKILL at a random moment',
    appliesTo: always,
    run: (one, job, random) =>
      cutShort(one, job, { afterMs: 300 + random.between(0, job.lastsMs), act: kill }),
  },
  {
    name: 'SIGTERM at a random moment',
    appliesTo: always,
    run: (one, job, random) =>
      cutShort(one, job, {
        afterMs: 300 + random.between(0, job.lastsMs),
        act: pid => process.kill(pid, 'SIGTERM'),
      }),
  },
  {
    name: 'the server is killed',
    appliesTo: job => isBackup(job) || job.name === 'restore',
    async run(one, job, random) {
      await job.prepare?.(one)
      const { place } = one
      const server = isBackup(job) ? place.source : await place.target()
      const run = await one.interfered(await job.args(one), {
        afterMs: 500 + random.between(0, job.lastsMs),
        act: () => kill(server.pid),
      })
      requireHonest(run)
      kill(server.pid)
      await sleep(200)
      await place.restart(server)
      return `exit ${run.status}; ${await job.recover(one)}`
    },
  },
  {
    name: 'a full disk below the repository',
    appliesTo: isBackup,
    async run(one, job, random) {
      const disk = join(one.folder, 'disk')
      await mkdir(disk)
      if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', disk]).status !== 0) {
        return 'not tried: this machine allows no mounts'
      }
      try {
        const moved = join(disk, 'repository')
        spawnSync('cp', ['-a', one.repository, moved])
        await rename(one.repository, `${one.repository}-aside`)
        spawnSync('ln', ['-s', moved, one.repository])
        const used = Number(
          spawnSync('du', ['-sk', disk], { encoding: 'utf8' }).stdout.split('\t')[0],
        )
        const room = used + random.between(0, 6000)
        spawnSync('mount', ['-o', `remount,size=${room}k`, disk])
        const run = await one.interfered(await job.args(one), { act: () => {} })
        requireHonest(run)
        if (run.status === 0 && (await snapshots(one)) !== 2)
          throw new Error('exit 0 for a failure')
        spawnSync('mount', ['-o', 'remount,size=128m', disk])
        return `${room - used} KiB of room: exit ${run.status}; ${await job.recover(one)}`
      } finally {
        spawnSync('umount', ['-l', disk])
      }
    },
  },
  {
    name: 'writes that were torn by the crash',
    appliesTo: isBackup,
    async run(one, job, random) {
      const known = new Set(await filesOf(one.repository))
      const run = await one.interfered(await job.args(one), {
        afterMs: 900 + random.between(0, 1500),
        act: kill,
      })
      requireHonest(run)
      const committed = (await snapshots(one)) > 1
      // What a power cut may take: the ends of files that nothing had made durable. An object
      // that is named by a snapshot was flushed before the snapshot was written.
      const torn: string[] = []
      for (const file of committed ? [] : await filesOf(one.repository)) {
        if (known.has(file) || random.chance(0.5)) continue
        await truncate(file, random.between(0, 200))
        torn.push(file)
      }
      for (const file of await filesOf(join(one.state, 'unfinished-backups'))) {
        const bytes = await readFile(file)
        await truncate(file, random.between(0, bytes.length))
        if (random.chance(0.5)) await appendFile(file, '{"id": "torn')
      }
      return `${torn.length} files torn; ${await job.recover(one)}`
    },
  },
  {
    name: 'two at once',
    appliesTo: always,
    async run(one, job) {
      await job.prepare?.(one)
      const args = await job.args(one)
      const both = await Promise.all([1, 2].map(() => one.interfered(args, { act: () => {} })))
      for (const run of both) requireHonest(run)
      const statuses = both.map(({ status }) => status)
      if (!statuses.includes(0)) throw new Error(`neither did it: exits ${statuses.join(', ')}`)
      return `exits ${statuses.join(' and ')}; ${await recoverAfterBoth(one, job)}`
    },
  },
  {
    name: 'the clock goes back',
    appliesTo: isBackup,
    async run(one, _job, random) {
      // The repository's own time: what is there was written by a clock that was ahead.
      const hours = random.between(1, 4000)
      const ahead = await backUpAt(one, hours)
      const shown = await succeeds(one, 'backup', 'show', 'latest', '--json')
      if (!shown.includes(ahead)) throw new Error('the one from the future is not the latest')
      await succeeds(one, 'backup', 'logical', '--databases', 'shop')
      const latest = (await one.ecomdb('backup', 'list', '--json')).json().result.snapshots
      if (latest.length !== 3) throw new Error(`${latest.length} snapshots, and not 3`)
      return `${hours} h back; ${await proveRepository(one)}`
    },
  },
]

async function recoverAfterBoth(one: Case, job: Job): Promise<string> {
  return isBackup(job) ? await proveRepository(one) : await job.recover(one)
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  return entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
}
