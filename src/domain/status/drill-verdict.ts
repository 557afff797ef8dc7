import { EXIT, type ExitStatus } from '#core/errors'
import { hasNotCome } from '../has-not-come.ts'
import { type DrillRecord, decisiveDrill, drillsOfServer, drillsOfWhole } from './drill-record.ts'

/**
 * How the drills of the past end as one status: 13 when the newest failed, 14 when it missed an
 * objective or is older than the policy promises, 3 when there is none. One of some databases only is
 * none of a server that has snapshots of all. Of several servers, as the one that is worst off.
 *
 * @param servers that have snapshots, of which drills are asked
 */
export function drillVerdict(
  all: readonly DrillRecord[],
  servers: readonly string[],
  { drillEveryMs }: { drillEveryMs: number | null },
  now: Date,
): { status: ExitStatus; text: string } {
  const whole = drillsOfWhole(all)
  if (servers.length === 0) return verdictOf(whole, drillEveryMs, now)
  const verdicts = servers.map(sourceId => ({
    ...verdictOf(drillsOfServer(whole, sourceId, servers), drillEveryMs, now),
    sourceId,
  }))
  const [worst = verdictOf([], drillEveryMs, now)] = WORST_FIRST.flatMap(status =>
    verdicts.filter(one => one.status === status),
  )
  const { status, text } = worst
  if (servers.length === 1) return { status, text }
  const of = 'sourceId' in worst ? worst.sourceId : ''
  return {
    status,
    text:
      status === EXIT.DONE
        ? `of each server: ${text}`
        : `server ${of}: ${text.replace('`ecomdb drill`', '`ecomdb drill --turn`')}`,
  }
}

const WORST_FIRST = [
  EXIT.VERIFICATION_FAILED,
  EXIT.OBJECTIVE_MISSED,
  EXIT.FINDINGS,
  EXIT.DONE,
] as const

function verdictOf(
  drills: readonly DrillRecord[],
  drillEveryMs: number | null,
  now: Date,
): { status: ExitStatus; text: string } {
  const newest = decisiveDrill(drills)
  if (!newest) return { status: EXIT.FINDINGS, text: 'no drill yet: `ecomdb drill`' }
  if (newest.outcome === 'failed') {
    return {
      status: EXIT.VERIFICATION_FAILED,
      text: `${failureText(newest, newest === drills.at(-1))}: ${newest.snapshotId}`,
    }
  }
  if (newest.missed.length > 0) {
    return { status: EXIT.OBJECTIVE_MISSED, text: `objective missed: ${newest.missed.join('; ')}` }
  }
  if (hasNotCome(newest.at, now)) {
    const text = `the newest drill is of ${newest.at}, which has not come: a clock was wrong`
    return { status: EXIT.FINDINGS, text }
  }
  const days = (now.getTime() - Date.parse(newest.at)) / 86_400_000
  if (drillEveryMs !== null && days * 86_400_000 > drillEveryMs) {
    const promised = Math.round(drillEveryMs / 86_400_000)
    const text = `objective missed: the newest drill is ${Math.floor(days)} days old, and one every ${promised} days is promised`
    return { status: EXIT.OBJECTIVE_MISSED, text }
  }
  const passed = drills.filter(({ outcome }) => outcome === 'passed').length
  return { status: EXIT.DONE, text: `${passed} of ${drills.length} drills passed, the newest too` }
}

function failureText({ at, method, atMoment }: DrillRecord, isNewest: boolean): string {
  const which = isNewest ? 'the newest drill' : `the drill of ${at}`
  const since = isNewest ? '' : `, and no ${method} one of that place has passed since`
  return atMoment
    ? `${which} FAILED at its moment of the log${since}; its snapshot came back`
    : `${which} FAILED${since}`
}
