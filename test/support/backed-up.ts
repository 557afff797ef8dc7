import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { engineFor } from '#cli/wire'
import { systemClock } from '#core/clock'
import { silentProgress } from '#core/progress'
import { type SigningKey, writeDedupKey, writeIdentity, writeSigningKey } from '#crypto/key-files'
import type { LogicalBackupReport } from '#domain/backup/logical-backup-report'
import type { EngineFamily } from '#domain/engine-family'
import type { Engine } from '#engine/engine'
import type { LastingSettings, RunningServer } from '#engine/scratch-server'
import { createRepository, openRepository } from '#repository/repository'
import { createDirectoryTarget, openDirectoryTarget } from '#target/dir/directory-target'
import { SMALL_LOG } from '#test/own-server'
import { makeKeys, type TestKeys } from '#test/snapshots'
import { backUpLogically } from '#workflow/backup/back-up-logically'
import type { DrillOptions } from '#workflow/restore/drill-snapshot'
import type { SnapshotAccess } from '#workflow/restore/open-snapshot'
import type { RestoreOptions, RestoreReport } from '#workflow/restore/restore-options'
import { restoreSnapshot } from '#workflow/restore/restore-snapshot'

/** An empty repository in a folder, with keys. */
export class BackupPlace {
  readonly folder: string
  readonly keys: TestKeys
  readonly family: EngineFamily

  private constructor(folder: string, keys: TestKeys, family: EngineFamily) {
    this.folder = folder
    this.keys = keys
    this.family = family
  }

  /** @param signingKey of another place, where both are of the same people */
  static async make(
    folder: string,
    family: EngineFamily,
    signingKey?: SigningKey,
  ): Promise<BackupPlace> {
    const keys = await makeKeys(signingKey)
    const place = new BackupPlace(folder, keys, family)
    await mkdir(folder, { recursive: true })
    await createRepository(await createDirectoryTarget(place.path), systemClock)
    await writeIdentity(place.identityFile, keys.operations, new Date())
    await writeSigningKey(join(folder, 'signing.pem'), keys.signingKey)
    await writeDedupKey(join(folder, 'dedup.key'), keys.dedupKey)
    return place
  }

  get path(): string {
    return join(this.folder, 'repository')
  }

  get identityFile(): string {
    return join(this.folder, 'operations.txt')
  }

  /** As ecomdb.yaml would say it. */
  get config() {
    return {
      recipients: this.keys.options.recipients,
      trustedSigners: this.keys.options.trustedSigners,
      signingKeyFile: join(this.folder, 'signing.pem'),
      dedupKeyFile: join(this.folder, 'dedup.key'),
      identityFiles: [this.identityFile],
    }
  }

  async access(): Promise<SnapshotAccess> {
    return {
      repository: await openRepository(openDirectoryTarget(this.path)),
      trustedSigners: this.config.trustedSigners,
      identities: [this.keys.operations.identity],
    }
  }

  async backUp(server: RunningServer, databases: readonly string[] | null = null): Promise<string> {
    return (await this.report(server, databases)).snapshotId
  }

  async report(
    server: RunningServer,
    databases: readonly string[] | null = null,
  ): Promise<LogicalBackupReport> {
    return await backUpLogically(
      {
        engine: await engineFor(this.family),
        connect: server.administrator,
        target: openDirectoryTarget(this.path),
        keys: this.config,
        databases,
        readers: 2,
        waitSeconds: 20,
        clock: systemClock,
      },
      silentProgress(),
    )
  }

  /** The newest snapshot into a server, as `ecomdb restore latest --confirm shop` does it. */
  async restore(
    server: RunningServer,
    changes: Partial<RestoreOptions> = {},
    engine?: Engine,
    access: Partial<SnapshotAccess> = {},
  ): Promise<RestoreReport> {
    const options: RestoreOptions = {
      snapshot: 'latest',
      confirm: 'shop',
      dryRun: false,
      startOver: false,
      binlog: true,
      services: [],
      connections: 2,
      ...changes,
    }
    const where = {
      engine: engine ?? (await engineFor(this.family)),
      connect: server.administrator,
    }
    const from = { ...(await this.access()), ...access }
    return await restoreSnapshot(options, from, where, systemClock, silentProgress())
  }

  drillOptions(changes: Partial<DrillOptions> = {}): DrillOptions {
    return {
      snapshot: 'latest',
      target: openDirectoryTarget(this.path),
      keys: this.config,
      engineFor,
      objectives: { rtoMs: null, rpoMs: null },
      connections: 2,
      clock: systemClock,
      ...changes,
    }
  }
}

/** A server of a test's own, stopped when `use` ends. */
export async function withServer<T>(
  family: EngineFamily,
  folder: string,
  use: (server: RunningServer, engine: Engine) => Promise<T>,
  serverOptions: readonly string[] = [],
  lasting: LastingSettings = {},
): Promise<T> {
  const engine = await engineFor(family)
  const server = await engine.scratchServers.start({
    ...{ folder, ...lasting },
    tcp: false,
    purpose: 'drill',
    // Binary log on: a restore must be able to leave it out, and a backup wants a position.
    serverOptions: [...SMALL_LOG[family], ...serverOptions],
  })
  try {
    return await use(server, engine)
  } finally {
    await engine.scratchServers.remove(folder)
  }
}
