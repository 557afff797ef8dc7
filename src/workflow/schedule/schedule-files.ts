import { createHash } from 'node:crypto'
import { realpathSync } from 'node:fs'
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '#config/config'
import { systemCode } from '#core/errors'
import { stateFolder } from '#core/paths'
import { translateStorageError } from '#core/storage-error'
import { type JobState, newJobState } from '#domain/schedule/job-state'

/** Who runs the schedule on this host, and when it was last seen at it. Times: ms since 1970. */
export interface SchedulerSeen {
  format: 1
  host: string
  pid: number
  startedAt: number
  seenAt: number
  /** It stays (a service), or looks in (cron). */
  kind: 'stays' | 'looks-in'
  /** Of one that stays: what it works by (`planOf`). Missing where a version before this one stays. */
  plan?: string
  /** Of one that looks in after one that stayed and has stopped: that one, and how often it has looked since. */
  after?: Omit<SchedulerSeen, 'after'> & { looks: number }
}

/** A scheduler that stays writes every few seconds; one that looks in, every few minutes. */
export const ALIVE_MS = { stays: 60_000, 'looks-in': 15 * 60_000 } as const

/** One that was seen at a moment that has not come had a clock that was ahead. */
export function isSeenLately(
  { kind, seenAt }: Pick<SchedulerSeen, 'kind' | 'seenAt'>,
  now: number,
): boolean {
  return Math.abs(now - seenAt) < ALIVE_MS[kind]
}

/** A look of `ecomdb status --notify`. */
export interface Look {
  format: 1
  /** ms since 1970 */
  at: number
  /** The keys of what it found, without those of the schedule, which knows them anew at each moment. */
  problems: readonly string[]
}

/**
 * The state of one configuration's schedule on this host: a small file for each job, replaced as
 * a whole, so that a run that is killed leaves the last state and not half of one.
 */
export class ScheduleFiles {
  /** Names the schedule in locks. */
  readonly key: string
  readonly folder: string

  constructor(config: Pick<Config, 'file'>) {
    const name = config.file === null ? 'environment' : realpathSync(config.file)
    this.key = createHash('sha256').update(name).digest('hex').slice(0, 12)
    this.folder = join(stateFolder(), 'schedule', this.key)
  }

  /** A damaged file is no state: the job is then seen for the first time. */
  async readJob(id: string, now: number): Promise<JobState> {
    const state = await this.#read<JobState>(`job-${id}.json`)
    return state?.format === 1 ? state : newJobState(now)
  }

  /** @throws EcomdbError STORAGE_FAILED */
  async writeJob(id: string, state: JobState): Promise<void> {
    await this.write(`job-${id}.json`, state)
  }

  async readScheduler(): Promise<SchedulerSeen | null> {
    const seen = await this.#read<SchedulerSeen>('scheduler.json')
    return seen?.format === 1 ? seen : null
  }

  /** @throws EcomdbError STORAGE_FAILED */
  async writeScheduler(seen: SchedulerSeen): Promise<void> {
    await this.write('scheduler.json', seen)
  }

  /** When cron was given its lines here, in ms since 1970; null: not known. */
  async readInstalled(): Promise<number | null> {
    const installed = await this.#read<{ format: 1; cronAt: number }>('installed.json')
    return installed?.format === 1 ? installed.cronAt : null
  }

  /** @throws EcomdbError STORAGE_FAILED */
  async writeInstalled(cronAt: number): Promise<void> {
    await this.write('installed.json', { format: 1, cronAt })
  }

  /** What the last `ecomdb status --notify` found; null: nobody has looked yet. */
  async readLook(): Promise<Look | null> {
    const look = await this.#read<Look>('look.json')
    return look?.format === 1 ? look : null
  }

  /** @throws EcomdbError STORAGE_FAILED */
  async writeLook(look: Look): Promise<void> {
    await this.write('look.json', look)
  }

  /** @throws EcomdbError STORAGE_FAILED */
  async write(name: string, content: object): Promise<void> {
    const file = join(this.folder, name)
    const partial = `${file}.${process.pid}.partial`
    try {
      await mkdir(this.folder, { recursive: true, mode: 0o700 })
      const handle = await open(partial, 'w', 0o600)
      try {
        await handle.writeFile(`${JSON.stringify(content)}\n`)
        await handle.sync()
      } finally {
        await handle.close()
      }
      await rename(partial, file)
    } catch (error) {
      throw translateStorageError(error, `cannot write the schedule's state ${file}`)
    }
  }

  async #read<Content>(name: string): Promise<Content | null> {
    const file = join(this.folder, name)
    const text = await readFile(file, 'utf8').catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT') return null
      throw translateStorageError(error, `cannot read the schedule's state ${file}`)
    })
    if (text === null) return null
    try {
      return JSON.parse(text) as Content
    } catch {
      return null
    }
  }
}
