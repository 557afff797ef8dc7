import type { Clock } from '#core/clock'
import { EcomdbError, messageOf } from '#core/errors'
import type { Progress } from '#core/progress'
import { isComplete, type OffboardReport } from '#domain/access/offboard-report'
import { connectToAccounts } from '#engine/account-session'
import { closeAccess } from './close-access.ts'
import { type Draft, emptyReport, type Leaver } from './leaver.ts'
import { moveObjects, planObjects } from './leaver-objects.ts'
import { surveyLeaver } from './leaver-survey.ts'
import type { OffboardOptions, OffboardPlace } from './offboard-options.ts'
import { removeAccounts } from './remove-accounts.ts'

export interface OffboardResult extends OffboardReport {
  /** Where the receipt is; null without one. */
  receipt: string | null
  /** Why it is not where a restore reads it, or not signed; null when all is well. */
  receiptProblem: string | null
}

/**
 * `ecomdb offboard PERSON`: out on every server, now and for good. The accounts are locked
 * first, and nobody can come in again; then sessions end, and events that run as the person are
 * switched off: one that fires each second would be a session that comes back. When two looks in
 * a row have found nothing, what others need of the person's programs goes to a locked account;
 * then the accounts are dropped and their traces swept. The signed receipt comes before the last
 * step, which reserves the name: a run that died is run again, each step finds what is left.
 *
 * @throws EcomdbError USAGE, CONFIRMATION_REQUIRED, LOCKED (nothing was changed);
 *   PRIVILEGE_MISSING (says how far it came: what is locked and ended stays so)
 */
export async function offboard(
  options: OffboardOptions,
  place: OffboardPlace,
  clock: Clock,
  progress: Progress,
): Promise<OffboardResult> {
  const session = await connectToAccounts(place.engine, place.connect)
  try {
    progress.stage('looking')
    const leaver: Leaver = { options, place, session, clock, started: clock.monotonicMs() }
    const operator = await place.engine.leavers.actor(session)
    const seen = emptyReport(leaver, operator)
    await surveyLeaver(leaver, seen)
    if (options.dryRun) {
      await planObjects(leaver, seen)
      return { ...seen, receipt: null, receiptProblem: null }
    }
    confirm(options)
    await place.engine.leavers.hold(session, options.person)
    // A login may have got its session account between the first look and the lock.
    const report = emptyReport(leaver, operator)
    await surveyLeaver(leaver, report)
    return await takeOut(leaver, report, progress)
  } finally {
    await session.close()
  }
}

async function takeOut(leaver: Leaver, report: Draft, progress: Progress): Promise<OffboardResult> {
  const { options, place, session, clock } = leaver
  const { leavers, accessCatalog } = place.engine
  const { person } = options
  await closeAccess(leaver, report, progress)
  try {
    progress.stage('moving what others need')
    await moveObjects(leaver, report)
    progress.stage('dropping the accounts')
    await removeAccounts(leaver, report)
  } catch (error) {
    throw howFar(error, report)
  }
  progress.stage('writing the receipt')
  Object.assign(report, { completedAt: clock.now().toISOString() })
  const { receiptId, outstanding, deadMs } = report
  const detail = { receiptId, outstanding, deadMs }
  await accessCatalog.recordOperation(session, { command: 'offboard', subject: person, detail })
  const kept = await place.keepReceipt(report)
  if (isComplete(report)) await leavers.setState(session, person, 'left')
  progress.done()
  return { ...report, receipt: kept.stored, receiptProblem: kept.problem }
}

function confirm({ person, confirm: name }: OffboardOptions): void {
  if (name === person) return
  throw new EcomdbError('CONFIRMATION_REQUIRED', {
    what: `will not take ${person} out unconfirmed`,
    why: name === undefined ? '--confirm is missing' : `--confirm says ${name}`,
    hints: [
      `read the plan: \`ecomdb offboard ${person} --dry-run\``,
      `then: \`ecomdb offboard ${person} --confirm ${person}\``,
    ],
  })
}

/** What is locked stays locked: an administrator finishes. */
function howFar(error: unknown, { person, deadMs }: OffboardReport): unknown {
  if (!(error instanceof EcomdbError)) return error
  return new EcomdbError(error.code, {
    what: `${person} is locked out${deadMs === null ? '' : ', and all sessions have ended'}; the accounts are still there: ${error.what}`,
    why: error.why ?? messageOf(error),
    hints: [
      ...(error.code === 'PRIVILEGE_MISSING'
        ? ['run the same command as an administrator of the server: --user root']
        : []),
      'run the same command again: it goes on where this one stopped',
    ],
    cause: error,
  })
}
