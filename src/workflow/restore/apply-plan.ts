import { EcomdbError } from '#core/errors'
import { throwIfInterrupted } from '#core/interruption'
import type { Progress } from '#core/progress'
import type { RestorePlan, RestoreStage } from '#domain/backup/restore-plan'
import type { LoadedPieces, LogicalWriterSession } from '#engine/logical-writer'
import { loadRows, rowsOf } from './load-rows.ts'
import type { OpenedSnapshot, SnapshotAccess } from './open-snapshot.ts'
import type { proveContent } from './prove-content.ts'

/** What a plan changes on purpose, for the comparison. */
export function expectedChanges(
  databases: readonly string[] | null,
  plan: RestorePlan,
): Parameters<typeof proveContent>[0]['changes'] {
  return {
    databases,
    eventsDisabled: true,
    accounts: databases === null,
    locked: plan.locked,
    kept: plan.kept,
    unknownPrivileges: plan.unknownPrivileges,
  }
}

const BEFORE_ROWS: readonly RestoreStage[] = [
  'removal',
  'databases',
  'accounts',
  'sequences',
  'tables',
]

/**
 * Runs the plan: objects, rows with their indexes, then the rest.
 *
 * @param writer is closed in the end
 * @param done what an interrupted restore has loaded already
 * @returns the server's warnings while it took rows
 */
export async function applyPlan(
  access: SnapshotAccess,
  snapshot: OpenedSnapshot,
  plan: RestorePlan,
  writer: LogicalWriterSession,
  progress: Progress,
  done: readonly LoadedPieces[] = [],
): Promise<string[]> {
  const refused: string[] = []
  const run = async (wanted: (stage: RestoreStage) => boolean): Promise<void> => {
    for (const statement of plan.statements) {
      if (!wanted(statement.stage)) continue
      throwIfInterrupted()
      try {
        await writer.run(statement)
      } catch (error) {
        if (!statement.mayFail || !isRefusal(error)) throw error
        refused.push(`left out: ${statement.shown.slice(0, 200)}: ${error.why ?? error.what}`)
      }
    }
  }
  try {
    progress.stage('making databases and tables')
    await run(stage => BEFORE_ROWS.includes(stage))
    progress.stage('loading rows')
    progress.total({ bytes: plan.bytes, items: plan.rows })
    progress.advance({ items: rowsOf(snapshot, done) })
    const source = { access, snapshot, done }
    const { warnings } = await loadRows(source, plan, writer, progress)
    progress.stage('making keys, programs and grants')
    await run(stage => !BEFORE_ROWS.includes(stage) && stage !== 'indexes')
    return [...warnings, ...refused]
  } finally {
    await writer.close()
  }
}

/** Of one statement, by a server that goes on. */
function isRefusal(error: unknown): error is EcomdbError {
  return error instanceof EcomdbError && error.code !== 'SERVER_LOST'
}
