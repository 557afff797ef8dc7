import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { type Clock, systemClock } from '#core/clock'
import { silentProgress } from '#core/progress'
import type { S3Place } from '#domain/target-place'
import { openRepository } from '#repository/repository'
import { openDirectoryTarget } from '#target/dir/directory-target'
import { openS3Target } from '#target/s3/open-s3-target'
import type { Target } from '#target/target'
import { makeBucket } from '#test/buckets'
import { type CliResult, runEcomdb } from '#test/cli'
import { type Fate, type FaultProxy, startFaultProxy } from '#test/fault-proxy'
import { writeConfig } from '#test/stored-repository'
import { backUpLogically } from '#workflow/backup/back-up-logically'
import { verifySnapshots } from '#workflow/backup/verify-snapshots'
import { drillSnapshot } from '#workflow/restore/drill-snapshot'
import type { Place } from './place.ts'
import { type Interference, runInterfered, type ToolRun } from './tool-run.ts'

/** One repository, one state folder, and the tool on them. */
export class Case {
  readonly place: Place
  readonly folder: string
  /** What meets every request to the bucket. */
  fate: (request: { method: string; url: string; n: number }) => Fate = () => 'pass'
  #clock: Record<string, string> = {}
  #bucket: { place: S3Place; proxy: FaultProxy } | null = null

  constructor(place: Place, folder: string) {
    this.place = place
    this.folder = folder
  }

  get repository(): string {
    return join(this.folder, 'repository')
  }

  get copy(): string {
    return join(this.folder, 'copy')
  }

  get config(): string {
    return join(this.folder, 'ecomdb.yaml')
  }

  get state(): string {
    return join(this.folder, 'state')
  }

  /** Writes ecomdb.yaml; `more` are further lines of it. */
  async configure(...more: string[]): Promise<void> {
    const { trustedSigners, recipients, signingKeyFile, dedupKeyFile, identityFiles } =
      this.place.backup.config
    await writeConfig(this.config, this.repository, trustedSigners, [
      `recipients: ${JSON.stringify(recipients)}`,
      `signing_key_file: ${signingKeyFile}`,
      `dedup_key_file: ${dedupKeyFile}`,
      `identity_files: ${JSON.stringify(identityFiles)}`,
    ])
    const text = await readFile(this.config, 'utf8')
    await writeFile(this.config, `${text}${more.map(line => `${line}\n`).join('')}`)
  }

  get env(): Record<string, string> {
    return {
      ECOMDB_STATE: this.state,
      ECOMDB_CONFIG: this.config,
      ECOMDB_SOCKET: this.place.source.socketPath,
      ECOMDB_USER: 'root',
      ECOMDB_ENGINE: this.place.family,
      ...this.#clock,
      ...(this.#bucket ? { ECOMDB_TARGET: this.#locationOf(this.#bucket) } : {}),
    }
  }

  /** From here on the tool's clock is as many milliseconds behind as this file says when it is asked. */
  useClockOf(file: string): void {
    const load = `--import=${new URL('./clock-of-file.ts', import.meta.url).href}`
    this.#clock = {
      NODE_OPTIONS: `--disable-warning=ExperimentalWarning ${load}`,
      HARNESS_CLOCK_FILE: file,
    }
  }

  #locationOf({ place, proxy }: { place: S3Place; proxy: FaultProxy }): string {
    const query = new URLSearchParams({
      endpoint: proxy.endpoint,
      credentials_file: join(this.folder, 'credentials'),
      ...(place.objectLock ? { lock_mode: 'governance', lock_days: '1' } : {}),
    })
    return `s3://${place.bucket}/${place.prefix}?${query}`
  }

  /** Moves the repository into a bucket, behind a proxy; what the directory has is gone. */
  async moveToBucket(locks: boolean): Promise<void> {
    const ceph = await this.place.ceph()
    const credentials = ['[default]', `aws_access_key_id = ${ceph.accessKey}`]
    await writeFile(
      join(this.folder, 'credentials'),
      `${[...credentials, `aws_secret_access_key = ${ceph.secretKey}`].join('\n')}\n`,
      { mode: 0o600 },
    )
    const place = {
      ...(await makeBucket(ceph, locks)),
      credentialsFile: join(this.folder, 'credentials'),
    }
    const proxy = await startFaultProxy(ceph.endpoint, request => this.fate(request))
    const target = await openS3Target(place, systemClock)
    const files = await filesOf(this.repository)
    // Envelopes last, as always.
    const ordered = files.toSorted((a, b) => weightOf(a) - weightOf(b))
    for (const file of ordered) {
      await target.put(relative(this.repository, file), [await readFile(file)])
    }
    await rm(this.repository, { recursive: true })
    this.#bucket = { place, proxy }
  }

  /** The repository as it is, whatever meets the tool's own requests. */
  async target(): Promise<Target> {
    if (this.#bucket) return await openS3Target(this.#bucket.place, systemClock)
    return openDirectoryTarget(this.repository)
  }

  /** Runs to its end. */
  async ecomdb(...args: string[]): Promise<CliResult> {
    return await runEcomdb(args, { env: this.env, cwd: this.folder })
  }

  async interfered(args: readonly string[], interfere: Interference | null): Promise<ToolRun> {
    return await runInterfered(args, this, interfere)
  }

  /** Runs to its end, and must end well. */
  async succeeds(...args: string[]): Promise<string> {
    const { status, stdout, stderr } = await this.ecomdb(...args)
    if (status !== 0) throw new Error(`${args.join(' ')}: exit ${status}\n${stderr}${stdout}`)
    return stdout
  }

  /** Ids of the snapshots, oldest first; none may be refused. */
  async snapshots(): Promise<string[]> {
    const repository = await openRepository(await this.target())
    const { trustedSigners } = this.place.backup.config
    const { snapshots, refused } = await repository.listSnapshots(trustedSigners)
    if (refused.length > 0) {
      throw new Error(`the repository lists badly: ${JSON.stringify(refused)}`)
    }
    return snapshots.map(({ snapshotId }) => snapshotId)
  }

  /** A snapshot more, in this process, by another clock where one is given. */
  async backUp({
    clock = systemClock,
    databases = ['shop'],
  }: {
    clock?: Clock
    databases?: string[] | null
  } = {}): Promise<string> {
    const { place } = this
    const { snapshotId } = await backUpLogically(
      {
        ...{ engine: place.engine, connect: place.source.administrator, clock },
        ...{ target: await this.target(), keys: place.backup.config },
        ...{ databases, readers: 2, waitSeconds: 20 },
      },
      silentProgress(),
    )
    return snapshotId
  }

  /** All snapshots are whole, and the one asked for comes back: restored, compared by hash. */
  async prove(snapshot = 'latest', at: Target | null = null): Promise<string> {
    const target = at ?? (await this.target())
    const keys = this.place.backup.config
    const clock = systemClock
    const verified = await verifySnapshots(
      { target, snapshot: 'all', deep: true, keys, clock },
      silentProgress(),
    )
    if (verified.outcome !== 'passed') throw new Error(`verify: ${JSON.stringify(verified)}`)
    const options = this.place.backup.drillOptions({ target, snapshot })
    const drilled = await drillSnapshot(options, silentProgress())
    if (drilled.outcome !== 'passed') throw new Error(`drill: ${JSON.stringify(drilled)}`)
    return `${verified.snapshots.length} snapshots verified deep, ${snapshot === 'latest' ? 'the latest' : 'one'} restored and proved`
  }

  /**
   * Brings the repository to a state that is made once, and copied from then on.
   *
   * @returns what `make` told of it
   */
  async from<Told>(state: string, make: () => Promise<Told>): Promise<Told> {
    const kept = join(this.place.folder, 'states', state)
    const told = await readFile(`${kept}.json`, 'utf8').catch(() => null)
    if (told !== null) {
      await rm(this.repository, { recursive: true })
      await cp(kept, this.repository, { recursive: true })
      return JSON.parse(told)
    }
    const made = await make()
    await cp(this.repository, kept, { recursive: true })
    await writeFile(`${kept}.json`, JSON.stringify(made ?? null))
    return made
  }

  async remove(): Promise<void> {
    await this.#bucket?.proxy.close()
    await rm(this.folder, { recursive: true, force: true })
  }
}

const weightOf = (file: string): number => (file.endsWith('snapshot.json') ? 1 : 0)

export async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  return entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
}
