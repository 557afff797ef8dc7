import type { Config } from '#config/config'
import type { Clock } from '#core/clock'
import { EcomdbError } from '#core/errors'
import { toolVersion } from '#core/version'
import type { RecoveryPolicy } from '#domain/retention/recovery-policy'
import type { RunbookFacts } from '#domain/status/runbook-facts'
import type { TargetPlace } from '#domain/target-place'
import { openRepository } from '#repository/repository'
import type { Target } from '#target/target'
import { showWindow } from '../binlog/show-window.ts'
import { drillHistory } from '../status/drill-history.ts'

/**
 * `ecomdb runbook`: from the configuration and signed files alone. No secret is in it: keys are
 * named by their public halves.
 *
 * @throws EcomdbError SNAPSHOT_NOT_FOUND where there is nothing to restore yet
 */
export async function gatherRunbook({
  target,
  config,
  policy,
  clock,
}: {
  target: Target
  config: Config
  policy: RecoveryPolicy
  clock: Clock
}): Promise<RunbookFacts> {
  const { trustedSigners } = config.keys
  const repository = await openRepository(target)
  const { snapshots } = await repository.listSnapshots(trustedSigners)
  const newest = snapshots.findLast(({ method }) => method === 'logical')
  if (!newest) {
    throw new EcomdbError('SNAPSHOT_NOT_FOUND', {
      what: 'there is nothing to write down yet',
      why: `${repository.label} has no logical snapshot`,
      hints: ['run `ecomdb backup logical`, then `ecomdb drill`'],
    })
  }
  const { drills } = await drillHistory(target, trustedSigners)
  const { sources } = await showWindow(target, trustedSigners)
  const source = sources.find(({ sourceId }) => sourceId === newest.sourceId)
  return {
    ...{ at: clock.now().toISOString(), tool: toolVersion(), repositoryId: repository.id },
    ...{ database: config.server.database, engine: newest.engine },
    serverVersion: newest.serverVersion,
    newest: {
      ...{ snapshotId: newest.snapshotId, consistentAt: newest.consistentAt },
      rows: newest.tables.reduce((sum, { rows }) => sum + rows, 0),
      storedBytes: newest.objects.reduce((sum, { bytes }) => sum + bytes, 0),
    },
    proven: drills.findLast(one => one.outcome === 'passed' && one.method === 'logical') ?? null,
    objectives: policy.objectives,
    places: placesOf(config, repository.label),
    // Not those of the configuration: a vault or drill host has none, and a new one opens nothing old.
    ...{ recipients: newest.recipients, trustedSigners },
    restorableUntil: source?.stretches.at(-1)?.restorable?.until ?? null,
  }
}

function placesOf({ target, copies }: Config, label: string): RunbookFacts['places'] {
  const repository = { label: 'repository', where: label, offline: false }
  return [
    { ...repository, media: target.media, offsite: target.offsite },
    ...copies.map(({ name, place, media, offsite, offline }) => ({
      ...{ label: name, where: placeText(place), media, offsite, offline },
    })),
  ]
}

/** As --from and --target take it. */
function placeText({ directory, s3 }: TargetPlace): string {
  if (directory !== undefined) return directory
  const { bucket = '', prefix = '', endpoint, region } = s3 ?? {}
  const query = new URLSearchParams({
    ...(endpoint ? { endpoint } : {}),
    ...(region ? { region } : {}),
  })
  return `s3://${bucket}${prefix && `/${prefix}`}${query.size ? `?${query}` : ''}`
}
