import { EcomdbError } from '#core/errors'
import type { AccountName } from '#domain/schema/service-accounts'
import type { Engine } from '#engine/engine'
import type { Session } from '#engine/session'
import type { RestoreJournal } from './restore-journal.ts'
import type { RestoreSequel } from './restore-options.ts'

/**
 * Who may log in before anything is restored, where binary logs are replayed. What a replay had made when it was cut
 * short is no part of a snapshot, and stays, whatever is restored next.
 *
 * @param own databases that the restore makes
 * @throws EcomdbError TARGET_NOT_EMPTY; those of RestoreSequel.check
 */
export async function openBefore(
  sequel: RestoreSequel | undefined,
  journal: RestoreJournal | null,
  { engine, session }: { engine: Engine; session: Session },
  own: readonly string[],
): Promise<readonly AccountName[] | undefined> {
  const made = journal?.accounts ?? []
  const open = await sequel?.check(session, [...own, ...(journal?.databases ?? [])], made)
  if (journal?.replaying) {
    const there = open ? null : await engine.binaryLog.replay.observe(session)
    const known = new Set([...own, ...journal.databases])
    refuseDatabases((there?.databases ?? []).filter(name => !known.has(name)))
    const now = open ?? there?.accounts ?? []
    // They go before the restore begins.
    const sessions = await engine.sessionAccounts.there(session)
    refuseSince(without(now, sessions), journal)
  }
  return open
}

/**
 * The log would meet its own accounts (1396, when all rows are loaded), and they would count as those of before, which
 * nobody locks; behind a snapshot alone they would stay open, a leaver's, too.
 */
function refuseSince(now: readonly AccountName[], { open, accounts }: RestoreJournal): void {
  if (!open) return
  const since = without(now, [...open, ...accounts])
  if (since.length === 0) return
  const names = since.map(({ user, host }) => `'${user}'@'${host}'`).join(', ')
  throw new EcomdbError('TARGET_NOT_EMPTY', {
    what: 'the server has accounts that may be of the replay that was interrupted',
    why: `${names} could not log in before it; what is of the log would stay open, or the log would meet it again`,
    hints: [
      `remove ${names} (DROP USER), or lock what is yours until it is done (ALTER USER … ACCOUNT LOCK), then run the command again`,
      'nothing was changed',
    ],
  })
}

/** There were none beside its own when it began; with their events they would stay, and no snapshot has them. */
function refuseDatabases(others: readonly string[]): void {
  if (others.length === 0) return
  throw new EcomdbError('TARGET_NOT_EMPTY', {
    what: 'the server has databases that may be of the replay that was interrupted',
    why: `${others.join(', ')} were not there before it, and this restore does not make them`,
    hints: [
      'drop what is of the log, move what is yours, then run the command again',
      'nothing was changed',
    ],
  })
}

export function without(
  accounts: readonly AccountName[],
  others: readonly AccountName[],
): AccountName[] {
  const known = new Set(others.map(({ user, host }) => JSON.stringify([user, host])))
  return accounts.filter(({ user, host }) => !known.has(JSON.stringify([user, host])))
}
