import type { Config } from '#config/config'
import { readIdentities } from '#crypto/key-files'
import { openRepository } from '#repository/repository'
import type { SnapshotAccess } from '#workflow/restore/open-snapshot'
import type { RestorePlace } from '#workflow/restore/restore-options'
import { wire } from './wire.ts'

/** The configured repository, and the keys that open its snapshots. */
export async function restoreAccess(config: Config): Promise<SnapshotAccess> {
  return {
    repository: await openRepository(await wire.target(config)),
    trustedSigners: config.keys.trustedSigners,
    identities: await readIdentities(config.keys.identityFiles),
  }
}

/** The configured server, as the place to restore to. */
export async function restorePlace(config: Config): Promise<RestorePlace> {
  const { engine, connect } = await wire.server(config)
  return { engine, connect: { ...connect, database: undefined } }
}
