import { countOf } from '#core/units'
import type { StatusReport } from '#domain/copy/status-report'
import type { DatasetStatus, PlaceStatus } from '#domain/copy/three-two-one'
import { alignColumns } from './align-columns.ts'

const RULES: Readonly<Record<DatasetStatus['rules'][number]['rule'], string>> = {
  '3': '3 copies',
  '2': '2 media',
  '1 off site': '1 off site',
  '1 offline': '1 offline or immutable',
  '0': '0 errors',
}

/** `ecomdb backup status` for people. */
export function statusText(report: StatusReport): string {
  const { datasets, former, stale, vanished, ahead, refused } = report
  return [
    ...(datasets.length + former.length ? [] : [`no snapshot in ${report.target} yet`]),
    ...datasets.flatMap(one => [
      ...datasetLines(one, new Set(ahead.map(({ label }) => label))),
      '',
    ]),
    ...former.map(
      ({ sourceId, engine, newestShows }) =>
        `gone   server ${sourceId} (${engine}): its newest snapshot shows ${shortTime(newestShows)}; former_servers of the policy has it`,
    ),
    ...stale.map(({ name, why }) => `STALE  ${name}: ${why}`),
    ...vanished.map(id => `VANISHED  ${id}: signed files tell of it, and no tombstone does`),
    ...ahead.map(
      ({ snapshotId, label }) =>
        `VANISHED  ${snapshotId}: ${label} has it, newer than any here, and no tombstone tells why: it was removed, or the repository is an older copy`,
    ),
    ...refused.map(one => `${refusedHow(one)}  ${one.name}: ${one.why} (${one.code})`),
    report.met ? '3-2-1-1-0 is met' : '3-2-1-1-0 is NOT met',
  ].join('\n')
}

/** A signed file has no other codes than these. */
function refusedHow({ code }: StatusReport['refused'][number]): string {
  const isOfFile = ['SIGNATURE_INVALID', 'REPOSITORY_VERSION', 'UNSUPPORTED'].includes(code)
  return isOfFile || code === 'REPOSITORY_NOT_FOUND' ? 'NOT BELIEVED' : 'NOT REACHED'
}

/** @param ahead labels of copies whose newest snapshot has vanished here */
function datasetLines(
  { sourceId, engine, serverVersion, rules, places }: DatasetStatus,
  ahead: ReadonlySet<string>,
): string[] {
  return [
    `server ${sourceId} (${engine} ${serverVersion.split('-')[0]})`,
    alignColumns(
      rules.map(({ rule, met, detail }) => ['', met ? 'ok' : 'MISSING', RULES[rule], detail]),
      ['left', 'left', 'left', 'left'],
    ),
    alignColumns(
      places.map(place => [
        '',
        place.label,
        newestText(place, ahead.has(place.label) ? 'vanished here' : 'expired here'),
        whereText(place),
      ]),
      ['left', 'left', 'left', 'left'],
    ),
  ]
}

function newestText(
  { newestShows, newestExpired, fresh, unreachable, expired }: PlaceStatus,
  gone: string,
): string {
  if (!newestShows) {
    return expired > 0 ? `${countOf(expired, 'snapshot')}, expired here, too old` : 'no snapshot'
  }
  return `shows ${shortTime(newestShows)}${newestExpired ? `, ${gone}` : ''}${fresh || unreachable ? '' : ', too old'}`
}

function whereText({ present, unreachable, offline, lastSeenAt }: PlaceStatus): string {
  if (present) return 'here'
  if (unreachable) return 'NOT REACHED'
  if (!lastSeenAt) return 'never seen'
  return `${offline ? 'offline since' : 'not looked at, last seen'} ${shortTime(lastSeenAt)}`
}

function shortTime(iso: string): string {
  return iso.slice(0, 19).replace('T', ' ')
}
