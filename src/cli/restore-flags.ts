import { string } from '@oclif/core/flags'
import { EcomdbError } from '#core/errors'
import { checkZone, type Moment, parseMoment } from '#domain/binlog/moment'
import type { RestoreOptions } from '#workflow/restore/restore-options'

const GROUP = 'MOMENT'

/** A moment between two snapshots. */
export const momentFlags = {
  at: string({
    helpGroup: GROUP,
    helpValue: 'TIME',
    exclusive: ['gtid', 'before-gtid'],
    summary: "up to, and without, this time: '2026-11-20 13:37:00+01:00'",
  }),
  'time-zone': string({
    helpGroup: GROUP,
    helpValue: 'NAME',
    dependsOn: ['at'],
    summary: "of a time without an offset; this host's own by default",
  }),
  gtid: string({
    helpGroup: GROUP,
    helpValue: 'SET',
    exclusive: ['at', 'before-gtid'],
    summary: 'as soon as all of these transactions are there',
  }),
  'before-gtid': string({
    helpGroup: GROUP,
    helpValue: 'GTID',
    exclusive: ['at', 'gtid'],
    summary: 'just before this transaction',
  }),
}

export interface MomentFlagValues {
  at?: string | undefined
  'time-zone'?: string | undefined
  gtid?: string | undefined
  'before-gtid'?: string | undefined
}

/** @throws EcomdbError USAGE */
export function momentOf(flags: MomentFlagValues): Moment | null {
  const own = new Intl.DateTimeFormat().resolvedOptions().timeZone
  const zone = flags['time-zone'] === undefined ? own : checkZone(flags['time-zone'])
  if (flags.at !== undefined) return parseMoment(flags.at, zone)
  if (flags.gtid !== undefined) return { kind: 'gtid', set: flags.gtid }
  const gtid = flags['before-gtid']
  return gtid === undefined ? null : { kind: 'before-gtid', gtid }
}

interface RestoreFlagValues {
  databases?: string[] | undefined
  table?: string[] | undefined
  into?: string | undefined
  confirm?: string | undefined
  resume?: boolean | undefined
  binlog?: boolean | undefined
  connections: number
  'dry-run': boolean
  'start-over'?: boolean | undefined
  service?: string[] | undefined
}

/** @throws EcomdbError USAGE when neither a snapshot nor a moment is named */
export function restoreOptionsOf(
  snapshot: string | undefined,
  flags: RestoreFlagValues,
  moment: Moment | null,
): RestoreOptions {
  if (snapshot === undefined && moment === null) {
    throw new EcomdbError('USAGE', {
      what: 'missing SNAPSHOT',

      hints: [
        "a snapshot or a moment: `ecomdb restore latest`, or `ecomdb restore --at '2026-11-20 13:37:00+01:00'`",
      ],
    })
  }
  const { databases, into, confirm, resume, connections } = flags
  return {
    snapshot: snapshot ?? 'latest',
    ...{ databases, into, confirm, resume, connections },
    tables: flags.table,
    dryRun: flags['dry-run'],
    startOver: flags['start-over'] ?? false,
    // After a moment the server begins a history of its own.
    binlog: flags.binlog ?? moment === null,
    services: flags.service ?? [],
  }
}
