import { randomInt } from 'node:crypto'
import type { Progress } from '#core/progress'
import { formatCount } from '#core/units'
import { readIdentities } from '#crypto/key-files'
import { type Check, checkOf } from '#domain/backup/check'
import type { MomentDrill } from '#domain/backup/drill-report'
import { parseMoment } from '#domain/binlog/moment'
import { momentWithin } from '#domain/binlog/moment-within'
import type { EngineFamily } from '#domain/engine-family'
import { openRepository } from '#repository/repository'
import { showWindow } from '../binlog/show-window.ts'
import type { DrilledSnapshot, DrillOptions } from './drilled-snapshot.ts'
import { findingOf } from './drilled-snapshot.ts'
import type { SnapshotAccess } from './open-snapshot.ts'
import { restoreToMoment } from './restore-to-moment.ts'
import { withRoom } from './room-for-server.ts'
import { withDrillServer } from './scratch-drill-server.ts'

/** The first and the last moment of a server that can be restored. */
interface Window {
  engine: EngineFamily
  from: string
  until: string
}

/**
 * Restores a second of the window, drawn by lot, into a private server of its own: a snapshot,
 * proved as every restore is, and the log from there. That the server took every statement of the
 * log is what is shown of the rows that came after the snapshot.
 */
export async function drillMoment(
  options: DrillOptions,
  { sourceId, settings }: Pick<DrilledSnapshot, 'settings'> & { sourceId: string },
  progress: Progress,
): Promise<MomentDrill> {
  const window = await windowFor(options, sourceId)
  if (!window)
    return { ...NONE, checks: [unchecked('no archived binary log leads on from a snapshot')] }
  const text = momentWithin(window, randomInt)
  const engine = await options.engineFor(window.engine)
  const access: SnapshotAccess = {
    repository: await openRepository(options.target),
    trustedSigners: options.keys.trustedSigners,
    identities: await readIdentities(options.keys.identityFiles),
    programsZone: options.programsZone,
  }
  const began = options.clock.monotonicMs()
  try {
    return await withDrillServer(engine, settings, async server => {
      const place = { engine, connect: { ...server.administrator, database: undefined } }
      const report = await withRoom(engine.scratchServers, server.folder, () =>
        restoreToMoment(
          { ...restoreOptions(options), sourceId },
          parseMoment(text, 'UTC'),
          { access, target: options.target },
          place,
          options.clock,
          progress,
        ),
      )
      const { transactions } = report.replay
      const proof = report.outcome?.checks.filter(({ outcome }) => outcome === 'failed') ?? []
      const told = report.findings.map(finding => `; ${finding}`).join('')
      const summary = `${text}: ${formatCount(transactions)} transactions replayed after snapshot ${report.snapshotId}${told}`
      const check = checkOf(
        'moment',
        summary,
        proof.flatMap(({ differences }) => differences),
      )
      const rtoMs = options.clock.monotonicMs() - began
      return { moment: text, transactions, rtoMs, checks: [check] }
    })
  } catch (error) {
    const checks = findingOf(error).checks.map(({ differences }) => ({
      ...checkOf('moment', `${text}: no snapshot and log lead there`, differences),
      ...beyondADrill(differences),
    }))
    return { ...NONE, moment: text, checks }
  }
}

/** What a drill's private server refuses, and the server itself would not. */
const BEYOND_A_DRILL: readonly { refusal: RegExp; summary: string }[] = [
  {
    refusal: /ERROR 3121 \(HY000\)/,
    summary:
      'the log puts a table into a directory of the source (innodb_directories), and a drill writes to none: a server that has that setting would go on',
  },
  {
    refusal: /ERROR 3185 \(HY000\)|errno: 140 "Wrong create options"/,
    summary:
      'the log makes a table that the server encrypts, and a drill has no key: a server that has one would go on',
  },
  {
    refusal: /ERROR 1286 \(42000\).*'(?:FEDERATED|SPIDER|CONNECT|S3)'/i,
    summary:
      'the log uses a table whose rows lie on another server, and a drill asks none of these',
  },
]

/** @param differences of the check that failed */
function beyondADrill(differences: readonly string[]): Partial<Check> {
  const known = BEYOND_A_DRILL.find(({ refusal }) => differences.some(one => refusal.test(one)))
  return known ? { outcome: 'unchecked', summary: known.summary, differences: [] } : {}
}

const NONE = { moment: null, transactions: 0, rtoMs: null }

function unchecked(summary: string): Check {
  return { name: 'moment', outcome: 'unchecked', summary, differences: [] }
}

async function windowFor({ target, keys }: DrillOptions, sourceId: string): Promise<Window | null> {
  const { sources } = await showWindow(target, keys.trustedSigners)
  const source = sources.find(one => one.sourceId === sourceId)
  const stretch = source?.stretches.findLast(({ restorable }) => restorable !== null)
  if (!source || !stretch?.restorable) return null
  const engine = source.engine === 'mysql' ? 'mysql' : 'mariadb'
  return { engine, ...stretch.restorable }
}

/** The server is private and empty, which `inside` says: no database has to be named. */
function restoreOptions({ connections }: DrillOptions): Parameters<typeof restoreToMoment>[0] {
  return {
    ...{ snapshot: 'latest', dryRun: false, startOver: false, binlog: false },
    ...{ services: [], connections, confirm: undefined, inside: true },
  }
}
