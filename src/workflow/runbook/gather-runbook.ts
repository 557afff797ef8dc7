import { type Config, targetPlace } from '#config/config'
import type { Clock } from '#core/clock'
import { EcomdbError } from '#core/errors'
import { toolVersion } from '#core/version'
import { wholeOrAll } from '#domain/backup/envelope'
import type { CopyRecord } from '#domain/copy/copy-record'
import type { RecoveryPolicy } from '#domain/retention/recovery-policy'
import { drillsOfServer, drillsOfWhole } from '#domain/status/drill-record'
import type { RunbookFacts, RunbookPlace } from '#domain/status/runbook-facts'
import type { TargetPlace } from '#domain/target-place'
import { BinlogArchive } from '#repository/binlog-archive'
import { newestCopyRecords } from '#repository/signed-records'
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
  const archive = await BinlogArchive.open(target)
  const { repository } = archive
  const { snapshots } = await repository.listSnapshots(trustedSigners)
  const newest = wholeOrAll(snapshots).findLast(({ method }) => method === 'logical')
  if (!newest) {
    throw new EcomdbError('SNAPSHOT_NOT_FOUND', {
      what: 'there is nothing to write down yet',
      why: `${repository.label} has no logical snapshot`,
      hints: ['run `ecomdb backup logical`, then `ecomdb drill`'],
    })
  }
  const history = await drillHistory(target, trustedSigners)
  const drills = drillsOfServer(drillsOfWhole(history.drills), newest.sourceId, history.servers)
  const { sources } = await showWindow(target, trustedSigners)
  const source = sources.find(({ sourceId }) => sourceId === newest.sourceId)
  const { stretches } = await archive.stretches(trustedSigners)
  const readers = [...snapshots, ...stretches.flatMap(({ segments }) => segments)]
  const trust = { repositoryId: repository.id, trustedSigners }
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
    places: placesOf(config, (await newestCopyRecords(target, trust)).records),
    // Not those of the configuration: a vault or drill host has none, and a new one opens nothing old.
    ...{ recipients: newest.recipients, trustedSigners },
    earlierRecipients: [...new Set(readers.flatMap(({ recipients }) => recipients))].filter(
      recipient => !newest.recipients.includes(recipient),
    ),
    restorableUntil: source?.stretches.at(-1)?.restorable?.until ?? null,
  }
}

/** Those that are configured here, and the disks that another host, the vault's, copies to. */
function placesOf(config: Config, records: readonly CopyRecord[]): RunbookPlace[] {
  const { target, copies } = config
  const repository = { label: 'repository', where: placeText(targetPlace(config)), offline: false }
  const elsewhere = records.filter(
    ({ name }) => name === null || !copies.some(copy => copy.name === name),
  )
  return [
    { ...repository, media: target.media, offsite: target.offsite },
    ...copies.map(({ name, place, media, offsite, offline }) => ({
      ...{ label: name, where: placeText(place), media, offsite, offline },
    })),
    ...elsewhere.map(({ label, media, offsite, offline }) => ({
      ...{ label, where: null, media, offsite, offline },
    })),
  ]
}

/** As --from and --target take it: all that leads to it, and no secret. */
function placeText({ directory, s3 }: TargetPlace): string {
  if (directory !== undefined) return directory
  if (!s3) return ''
  const { bucket, prefix, endpoint, region, pathStyle, caFile, checksums } = s3
  const query = [
    ...(endpoint ? [`endpoint=${endpoint}`] : []),
    ...(region ? [`region=${region}`] : []),
    ...(pathStyle === (endpoint !== undefined) ? [] : [`path_style=${pathStyle}`]),
    ...(caFile ? [`ca_file=${encodeURIComponent(caFile)}`] : []),
    ...(checksums === 'when_supported' ? [] : [`checksums=${checksums}`]),
  ]
  return `s3://${bucket}${prefix && `/${prefix}`}${query.length > 0 ? `?${query.join('&')}` : ''}`
}
