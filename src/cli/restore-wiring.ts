import type { Config } from '#config/config'
import { messageOf } from '#core/errors'
import { readIdentities } from '#crypto/key-files'
import { openRepository } from '#repository/repository'
import type { TrailKeeper } from '#workflow/audit/keep-restored-trail'
import type { SnapshotAccess } from '#workflow/restore/open-snapshot'
import type { RestorePlace } from '#workflow/restore/restore-options'
import { anchorsFrom, auditKeyFrom, auditPolicyFrom } from './audit-wiring.ts'
import { wire } from './wire.ts'

/** The configured repository, and the keys that open its snapshots. */
export async function restoreAccess(config: Config): Promise<SnapshotAccess> {
  const { copiedFrom } = config
  return {
    repository: await openRepository(await wire.target(config)),
    copiedFrom: copiedFrom
      ? async () => await openRepository(await wire.openTarget(copiedFrom))
      : undefined,
    trustedSigners: config.keys.trustedSigners,
    identities: await readIdentities(config.keys.identityFiles),
    programsZone: config.server.timeZone,
  }
}

/** The configured server, as the place to restore to. */
export async function restorePlace(config: Config): Promise<RestorePlace> {
  const { engine, connect } = await wire.server(config)
  const trail = await trailKeeper(config)
  return { engine, connect: { ...connect, database: undefined }, trail }
}

/** The audit key need not be on the host that restores. */
async function trailKeeper(config: Config): Promise<TrailKeeper> {
  const anchors = () => anchorsFrom(config, undefined)
  const { trustedSigners } = config.audit
  const keeper = { anchors, trustedSigners }
  // A restore is not held up by what is wrong with the audit: it says so, and restores.
  try {
    const { erase: rules } = await auditPolicyFrom(config)
    return { key: await auditKeyFrom(config), keyMissing: null, rules, ...keeper }
  } catch (error) {
    return { key: null, keyMissing: messageOf(error), rules: [], ...keeper }
  }
}
