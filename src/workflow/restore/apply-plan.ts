import { throwIfInterrupted } from '#core/interruption'
import type { Progress } from '#core/progress'
import type { RefusedGrant, RestorePlan, RestoreStage } from '#domain/backup/restore-plan'
import type { LoadedPieces, LogicalWriterSession } from '#engine/logical-writer'
import { isRefusal, type LeftOut, reasonOf } from './left-out.ts'
import { loadRows, rowsOf } from './load-rows.ts'
import type { OpenedSnapshot, SnapshotAccess } from './open-snapshot.ts'
import type { proveContent } from './prove-content.ts'

/** What a plan changes on purpose, for the comparison. */
export function expectedChanges(
  databases: readonly string[] | null,
  plan: RestorePlan,
  refusedGrants: readonly RefusedGrant[],
): Parameters<typeof proveContent>[0]['changes'] {
  return {
    databases,
    eventsDisabled: true,
    accounts: databases === null,
    locked: plan.locked,
    kept: plan.kept,
    unknownPrivileges: plan.unknownPrivileges,
    refusedGrants,
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
 * @returns the server's warnings while it took rows, and what it did not take
 */
export async function applyPlan(
  access: SnapshotAccess,
  snapshot: OpenedSnapshot,
  plan: RestorePlan,
  writer: LogicalWriterSession,
  progress: Progress,
  done: readonly LoadedPieces[] = [],
): Promise<{ warnings: string[]; refusedGrants: RefusedGrant[]; left: LeftOut[] }> {
  const left: LeftOut[] = []
  const refusedGrants: RefusedGrant[] = []
  const run = async (wanted: (stage: RestoreStage) => boolean): Promise<void> => {
    for (const statement of plan.statements) {
      if (!wanted(statement.stage)) continue
      throwIfInterrupted()
      const { shown, isGrant, on } = statement
      // Both engines take a grant with CREATE in it (ALL) on what is not there.
      const without = on && left.find(one => one.statement.object === on)
      if (without) {
        refusedGrants.push({ grant: shown, why: without.why })
        continue
      }
      try {
        await writer.run(statement)
      } catch (error) {
        if (!isRefusal(statement, error)) throw error
        const why = reasonOf(error)
        if (isGrant) refusedGrants.push({ grant: shown, why })
        else left.push({ statement, why })
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
    return { warnings: [...warnings], refusedGrants, left }
  } finally {
    await writer.close()
  }
}
