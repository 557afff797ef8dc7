import type { AttemptState } from '#domain/credential/totp'
import type { Credentials, Totp } from '../../credentials.ts'
import { quoteQualified } from '../../quote.ts'
import type { Session } from '../../session.ts'
import { inTransaction } from '../in-transaction.ts'
import { ownStores } from '../own-store/own-store.ts'
import { momentOf, sqlTime } from './identities.ts'
import { storeTable } from './people.ts'

type TotpStore = Pick<
  Credentials,
  | 'totp'
  | 'enrolledElsewhere'
  | 'enroll'
  | 'useStep'
  | 'countAttempt'
  | 'clearFailures'
  | 'dropTotp'
  | 'recoveryCodesLeft'
  | 'replaceRecoveryCodes'
  | 'useRecoveryCode'
>

export const totpStore: TotpStore = {
  totp,
  enrolledElsewhere,
  enroll,
  useStep,
  countAttempt,
  clearFailures,
  dropTotp,
  recoveryCodesLeft,
  replaceRecoveryCodes,
  useRecoveryCode,
}

async function totp(session: Session, person: string): Promise<Totp | null> {
  const [row] = await session.rows(
    `SELECT version, state, sealed_seed, last_step, failures, blocked_until
     FROM ${await storeTable(session, 'totp')} WHERE person = ?`,
    [person],
  )
  if (!row) return null
  return {
    person,
    version: Number(row['version']),
    state: String(row['state']) as Totp['state'],
    sealedSeed: row['sealed_seed'] as Buffer,
    lastStep: Number(row['last_step']),
    failures: Number(row['failures']),
    blockedUntil: row['blocked_until'] === null ? null : momentOf(row['blocked_until']),
  }
}

/** By its tables and a column that nobody else's have: a database of another name is found, too. */
async function enrolledElsewhere(session: Session): Promise<string[]> {
  const stores = await session.rows<{ store: string }>(
    `SELECT t.table_schema AS store FROM information_schema.columns t
     JOIN information_schema.tables p ON p.table_schema = t.table_schema AND p.table_name = 'person'
     WHERE t.table_name = 'totp' AND t.column_name = 'sealed_seed' AND t.table_schema <> ?
     ORDER BY 1`,
    [ownStores.storeName(session, 'access')],
  )
  const found: string[] = []
  for (const { store } of stores) {
    const enrolled = await session.value(
      `SELECT COUNT(*) FROM ${quoteQualified(store, 'totp')} t
       JOIN ${quoteQualified(store, 'person')} p ON p.person = t.person
       WHERE t.state IN ('active', 'renew') AND p.state = 'active'`,
    )
    if (enrolled !== '0') found.push(store)
  }
  return found
}

async function enroll(
  session: Session,
  person: string,
  version: number,
  seed: Buffer,
  now: Date,
): Promise<void> {
  const table = await storeTable(session, 'totp')
  const codes = await storeTable(session, 'recovery_code')
  await inTransaction(session, async () => {
    await session.run(`DELETE FROM ${codes} WHERE person = ?`, [person])
    // The steps of another seed are other codes; the failures stay.
    await session.run(
      `INSERT INTO ${table} (person, version, state, sealed_seed, enrolled_at)
       VALUES (?, ?, 'pending', ?, ?)
       ON DUPLICATE KEY UPDATE version = ?, state = 'pending', sealed_seed = ?, last_step = 0,
         enrolled_at = ?, confirmed_at = NULL`,
      [person, version, seed, sqlTime(now), version, seed, sqlTime(now)],
    )
  })
}

async function useStep(
  session: Session,
  { person, version, step, from }: Parameters<Credentials['useStep']>[1],
  now: Date,
): Promise<boolean> {
  const confirmed = from === 'pending' ? ', confirmed_at = ?' : ''
  const { affectedRows } = await session.run(
    `UPDATE ${await storeTable(session, 'totp')}
     SET last_step = ?, state = 'active', failures = 0, blocked_until = NULL${confirmed}
     WHERE person = ? AND version = ? AND state = ? AND last_step < ?`,
    [step, ...(confirmed ? [sqlTime(now)] : []), person, version, from, step],
  )
  return affectedRows === 1
}

async function countAttempt(
  session: Session,
  person: string,
  before: AttemptState,
  after: AttemptState,
): Promise<boolean> {
  const time = (moment: Date | null): string | null => (moment ? sqlTime(moment) : null)
  const { affectedRows } = await session.run(
    `UPDATE ${await storeTable(session, 'totp')} SET failures = ?, blocked_until = ?
     WHERE person = ? AND failures = ? AND blocked_until <=> ?`,
    [after.failures, time(after.blockedUntil), person, before.failures, time(before.blockedUntil)],
  )
  return affectedRows === 1
}

async function clearFailures(session: Session, person: string): Promise<void> {
  await session.run(
    `UPDATE ${await storeTable(session, 'totp')} SET failures = 0, blocked_until = NULL WHERE person = ?`,
    [person],
  )
}

async function dropTotp(session: Session, person: string): Promise<void> {
  const table = await storeTable(session, 'totp')
  const codes = await storeTable(session, 'recovery_code')
  await inTransaction(session, async () => {
    await session.run(`DELETE FROM ${codes} WHERE person = ?`, [person])
    await session.run(`DELETE FROM ${table} WHERE person = ?`, [person])
  })
}

async function recoveryCodesLeft(session: Session, person: string): Promise<number> {
  const left = await session.value(
    `SELECT COUNT(*) FROM ${await storeTable(session, 'recovery_code')}
     WHERE person = ? AND used_at IS NULL`,
    [person],
  )
  return Number(left ?? 0)
}

async function replaceRecoveryCodes(
  session: Session,
  person: string,
  hashes: readonly Buffer[],
): Promise<void> {
  const codes = await storeTable(session, 'recovery_code')
  await inTransaction(session, async () => {
    await session.run(`DELETE FROM ${codes} WHERE person = ?`, [person])
    for (const hash of hashes) {
      await session.run(`INSERT INTO ${codes} (person, code_hash) VALUES (?, ?)`, [person, hash])
    }
  })
}

/** Both or neither: a code that is used up always forces the enrolment. */
async function useRecoveryCode(
  session: Session,
  person: string,
  hash: Buffer,
  now: Date,
): Promise<boolean> {
  const codes = await storeTable(session, 'recovery_code')
  const table = await storeTable(session, 'totp')
  return await inTransaction(session, async () => {
    const { affectedRows } = await session.run(
      `UPDATE ${codes} SET used_at = ? WHERE person = ? AND code_hash = ? AND used_at IS NULL`,
      [sqlTime(now), person, hash],
    )
    if (affectedRows !== 1) return false
    await session.run(
      `UPDATE ${table} SET state = 'renew', failures = 0, blocked_until = NULL WHERE person = ?`,
      [person],
    )
    return true
  })
}
