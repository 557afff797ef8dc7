import { EcomdbError, messageOf } from '#core/errors'
import type { Progress } from '#core/progress'
import type { Change } from '#domain/access/change'
import { losers } from '#domain/access/losers'
import { accountText, type ObservedAccess } from '#domain/access/observed'
import type { AccountName } from '#domain/schema/service-accounts'
import { connectToAccounts } from '#engine/account-session'
import type { Engine } from '#engine/engine'
import type { Session } from '#engine/session'
import { endPersonSessions, requireEnded } from '../credential/end-person-sessions.ts'
import {
  type AccessOptions,
  type CompiledChange,
  type CompiledPlan,
  makeAccessPlan,
} from './plan-access.ts'

export interface AppliedAccess extends CompiledPlan {
  /** Open sessions of accounts that lost something, which would have kept it. */
  sessionsEnded: number
}

/**
 * `ecomdb access apply`: makes the accounts and roles that ecomdb answers for what the
 * policy says. Each statement is written to the operations before it is sent. Stopped
 * anywhere, the next run does what is left: the plan is made of what is there. What it cannot know
 * is which connections of accounts that had lost something were still to be ended.
 *
 * @throws EcomdbError CONFIRMATION_REQUIRED when it revokes much and was not asked to, before
 *   anything is changed; LOCKED; SERVER_REFUSED at the statement that failed
 */
export async function applyAccess(
  engine: Engine,
  options: AccessOptions & { allowRevokes: boolean },
  progress: Progress,
): Promise<AppliedAccess> {
  const session = await connectToAccounts(engine, options.connect)
  try {
    await engine.accessCatalog.ensureStore(session, 'access')
    await engine.accessCatalog.lockAccess(session)
    progress.stage('reading who may what')
    const { plan, observed } = await makeAccessPlan(engine, session, options)
    refuseMuch(plan, options.allowRevokes)
    progress.stage('changing who may what')
    progress.total({ items: plan.steps.length })
    const sessionsEnded = await runAll(engine, session, plan, observed, progress)
    return { ...plan, sessionsEnded }
  } finally {
    await session.close()
  }
}

/** Gives the number of sessions that ended; what was revoked before a failure is over, too. */
async function runAll(
  engine: Engine,
  session: Session,
  { steps }: CompiledPlan,
  observed: ObservedAccess,
  progress: Progress,
): Promise<number> {
  const done: Change[] = []
  let minted = 0
  const putOut = async (first?: unknown): Promise<number> => {
    const accounts = losers(done, observed)
    try {
      return await endSessions(engine, session, accounts)
    } catch (error) {
      throw stillIn(accounts, error, first)
    }
  }
  try {
    for (const step of steps) {
      if (step.change.do === 'end lease') {
        minted += await endLease(engine, session, step, step.change.person)
      } else {
        await runChange(engine, session, step, 'access apply')
      }
      done.push(step.change)
      progress.advance({ items: 1 })
    }
  } catch (error) {
    await putOut(error)
    throw error
  }
  return minted + (await putOut())
}

/** What had failed is not forgotten over what failed after it, and says by its code what it is. */
function stillIn(accounts: readonly AccountName[], error: unknown, first?: unknown): EcomdbError {
  const cause = first ?? error
  const still = 'sessions of who had lost something did not end'
  return new EcomdbError(cause instanceof EcomdbError ? cause.code : 'SERVER_REFUSED', {
    what: first === undefined ? still : `${messageOf(first)}; then ${still}`,
    why: messageOf(error),
    hints: [
      `end them: SHOW PROCESSLIST shows those of ${accounts.map(accountText).join(', ')}, KILL ends one`,
      'the next `ecomdb access apply` does what is left of the changes, and does not end these sessions',
    ],
    cause,
  })
}

/**
 * A session account keeps the roles that it was made with, so those of who loses one end: first,
 * and under the person's lock, which a mint holds, so that none comes out of it before the lease
 * is over. A run that dies in between finds the lease, and does both again.
 *
 * @throws EcomdbError SERVER_REFUSED when a session is still connected
 */
async function endLease(
  engine: Engine,
  session: Session,
  step: CompiledChange,
  person: string,
): Promise<number> {
  await engine.leavers.hold(session, person)
  try {
    const sessions = await endPersonSessions(engine, session, person, 'role ended')
    requireEnded(sessions)
    await runChange(engine, session, step, 'access apply')
    return sessions.ended.length
  } finally {
    await engine.leavers.release(session, person)
  }
}

async function endSessions(
  { sessions }: Engine,
  session: Session,
  accounts: readonly AccountName[],
): Promise<number> {
  if (accounts.length === 0) return 0
  const { open } = await sessions.list(session, accounts)
  const ids = open
    .filter(each => !each.ending && each.id !== session.connectionId)
    .map(({ id }) => id)
  await sessions.kill(session, ids)
  return ids.length
}

function refuseMuch({ revokesMuch, revoked, held }: CompiledPlan, allowed: boolean): void {
  if (!revokesMuch || allowed) return
  throw new EcomdbError('CONFIRMATION_REQUIRED', {
    what: `nothing is changed: this would revoke ${revoked} of ${held} rights and roles`,
    why: 'that is more than brake.revoke_share of the policy lets pass unasked',
    hints: [
      'run `ecomdb access plan` to read it, then `ecomdb access apply --allow-revokes`',
      'if it is a mistake in the policy, correct that',
    ],
  })
}

/** Writes down each statement of a change, then sends it. */
export async function runChange(
  { accessCatalog }: Engine,
  session: Session,
  { change, statements }: CompiledChange,
  command: string,
): Promise<void> {
  for (const statement of statements) {
    const operation = { command, subject: subjectOf(change), detail: { do: change.do, statement } }
    await accessCatalog.recordOperation(session, operation)
    try {
      await accessCatalog.run(session, statement)
    } catch (error) {
      const detail = { ...operation.detail, failed: messageOf(error) }
      await accessCatalog.recordOperation(session, { ...operation, detail })
      throw error
    }
  }
}

function subjectOf(change: Change): string {
  return 'account' in change ? accountText(change.account) : change.person
}
