import { join } from 'node:path'
import type { Progress } from '#core/progress'
import { countOf } from '#core/units'
import { type Check, checkOf } from '#domain/backup/check'
import type { Engine } from '#engine/engine'
import type { RunningServer } from '#engine/scratch-server'
import type { ConnectOptions } from '#engine/session'
import { doesNotRun, refuseNewerFiles } from './drill-elsewhere.ts'
import {
  type AboutSnapshot,
  type DrilledSnapshot,
  type DrillOptions,
  findingOf,
} from './drilled-snapshot.ts'
import { openChain, type PhysicalLayer, warnOfLacks } from './open-physical.ts'
import type { SnapshotAccess } from './open-snapshot.ts'
import { FILES_FAIL, type FilesProof, isOfHost, proveFiles } from './prove-files.ts'
import { restoreDataFolder } from './restore-data-folder.ts'
import { withRoom } from './room-for-server.ts'
import { withDrillFolder } from './scratch-drill-server.ts'

/**
 * Restores data files, checks their pages, starts a private server on them and reads every
 * table. Rows are compared with a logical snapshot of the same position where there is one;
 * else the report says that they were not.
 */
export async function drillPhysically(
  options: DrillOptions,
  access: SnapshotAccess,
  progress: Progress,
): Promise<DrilledSnapshot> {
  const { snapshot, engineFor } = options
  const envelope = await access.repository.readEnvelope(snapshot, access.trustedSigners)
  const layers = await openChain(access, envelope)
  warnOfLacks(layers, progress)
  const engine = await engineFor(envelope.engine)
  return await withDrillFolder(engine, async folder => {
    const drill = new PhysicalDrill(options, access, layers, engine)
    try {
      return await withRoom(engine.scratchServers, folder, () => drill.run(folder, progress))
    } catch (error) {
      return { ...drill.failed(error), restoredAt: options.clock.monotonicMs() }
    } finally {
      progress.stage('removing the private server')
    }
  })
}

class PhysicalDrill {
  readonly #options: DrillOptions
  readonly #access: SnapshotAccess
  readonly #layers: readonly PhysicalLayer[]
  readonly #last: PhysicalLayer
  readonly #engine: Engine
  readonly #checks: Check[] = []
  readonly #proof: FilesProof = { checks: this.#checks, catalog: null, read: null }
  #scratchVersion = 'none'
  #programVersion = ''

  constructor(
    options: DrillOptions,
    access: SnapshotAccess,
    layers: readonly PhysicalLayer[],
    engine: Engine,
  ) {
    const last = layers.at(-1)
    if (!last) throw new Error('a chain without a snapshot')
    this.#options = options
    this.#access = access
    this.#layers = layers
    this.#last = last
    this.#engine = engine
    const objects = countOf(last.envelope.objects.length, 'object')
    this.#checks.push(
      checkOf(
        'signature',
        `envelopes of ${layers.length === 1 ? last.envelope.snapshotId : `a chain of ${layers.length} snapshots`} and ${objects} by their signed SHA-256`,
        [],
      ),
    )
  }

  async run(folder: string, progress: Progress): Promise<DrilledSnapshot> {
    const data = join(folder, 'data')
    await this.#refuseNewer(folder)
    this.#checks.push(
      ...(await restoreDataFolder(this.#engine, this.#access, this.#layers, data, progress)),
    )
    progress.stage('starting a private server on the files')
    const server = await this.#start(folder)
    const restoredAt = this.#options.clock.monotonicMs()
    const admitted = await this.#engine.physicalBackups.admit(server)
    const connect = await this.#withGrants(folder, admitted)
    await this.#options.onRestored?.(connect)
    await proveFiles(
      this.#proof,
      {
        access: this.#access,
        layer: this.#last,
        place: { engine: this.#engine, connect, readers: this.#options.connections },
        replayed: false,
      },
      progress,
    )
    const { read } = this.#proof
    const content = read ? { contentSha256: read.sha256 } : {}
    return { ...this.#result(), ...content, damaged: [], restoredAt }
  }

  /** A failure that is the snapshot's is a finding; any other is thrown. */
  failed(error: unknown): Omit<DrilledSnapshot, 'restoredAt'> {
    if (isOfHost(error)) throw error
    const { checks, damaged } = findingOf(error, FILES_FAIL)
    return { ...this.#result(), checks: [...this.#checks, ...checks], damaged }
  }

  #result(): Omit<DrilledSnapshot, 'damaged' | 'restoredAt' | 'contentSha256'> {
    return {
      ...{ checks: this.#checks, about: this.#about(), scratchVersion: this.#scratchVersion },
      settings: this.#last.manifest.settings,
      programVersion: this.#programVersion,
    }
  }

  async #refuseNewer(folder: string): Promise<void> {
    const { engine, serverVersion: sourceVersion } = this.#last.envelope
    this.#programVersion = await this.#engine.scratchServers.check(folder).catch(error => {
      throw doesNotRun(error)
    })
    refuseNewerFiles({ engine, sourceVersion, scratchVersion: this.#programVersion })
  }

  async #start(folder: string): Promise<RunningServer> {
    const { settings } = this.#last.manifest
    const server = await this.#engine.scratchServers.start({
      folder,
      tcp: false,
      purpose: 'drill',
      asItIs: true,
      serverOptions: this.#engine.physicalBackups.serverOptions(settings),
    })
    this.#scratchVersion = server.version
    this.#checks.push(checkOf('start', `a private ${server.version} started on the files`, []))
    return server
  }

  /** A MariaDB that was started without grants does not read its events, later neither. */
  async #withGrants(folder: string, admitted: ConnectOptions): Promise<ConnectOptions> {
    const { family, scratchServers, physicalBackups } = this.#engine
    if (family !== 'mariadb') return admitted
    await scratchServers.stop(folder)
    const server = await scratchServers.start({
      folder,
      tcp: false,
      purpose: 'drill',
      asItIs: true,
      administrator: admitted,
      serverOptions: physicalBackups.grantedOptions(this.#last.manifest.settings),
    })
    return server.administrator
  }

  #about(): AboutSnapshot {
    const { envelope, manifest } = this.#last
    const { catalog, read } = this.#proof
    const { tables = [], programs = [], accounts = [] } = catalog ?? {}
    const objects = new Map(
      this.#layers.flatMap(layer =>
        layer.envelope.objects.map(one => [one.path, one.bytes] as const),
      ),
    )
    return {
      repositoryId: this.#access.repository.id,
      target: this.#access.repository.label,
      snapshotId: envelope.snapshotId,
      sourceId: envelope.sourceId,
      method: envelope.method,
      engine: envelope.engine,
      sourceVersion: envelope.serverVersion,
      consistentAt: envelope.consistentAt,
      databases: manifest.databases,
      rows: read?.rows ?? 0,
      tables: tables.length,
      objects: tables.length + programs.length + accounts.length,
      rowBytes: read?.bytes ?? 0,
      storedBytes: [...objects.values()].reduce((sum, bytes) => sum + bytes, 0),
    }
  }
}
