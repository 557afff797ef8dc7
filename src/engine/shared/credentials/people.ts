import { EcomdbError } from '#core/errors'
import type { PersonRecord, PersonState } from '../../credentials.ts'
import { quoteQualified } from '../../quote.ts'
import { serverErrorNumber } from '../../server-error.ts'
import type { Session, SqlRow } from '../../session.ts'
import { ownStores } from '../own-store/own-store.ts'

const DUPLICATE = 1062
const LOCK_WAIT_S = 10

/** A table of the access store, quoted; the store is made where there is none. */
export async function storeTable(session: Session, table: string): Promise<string> {
  return quoteQualified(await ownStores.ensureStore(session, 'access'), table)
}

export async function people(session: Session): Promise<PersonRecord[]> {
  const rows = await session.rows(
    `SELECT person, full_name, email, state FROM ${await storeTable(session, 'person')} ORDER BY person`,
  )
  return rows.map(recordOf)
}

export async function person(session: Session, handle: string): Promise<PersonRecord | null> {
  const [row] = await session.rows(
    `SELECT person, full_name, state FROM ${await storeTable(session, 'person')} WHERE person = ?`,
    [handle],
  )
  return row ? recordOf(row) : null
}

function recordOf(row: SqlRow): PersonRecord {
  return {
    person: String(row['person']),
    fullName: String(row['full_name']),
    email: row['email'] ? String(row['email']) : null,
    state: String(row['state']) as PersonState,
  }
}

export async function addPerson(session: Session, added: PersonRecord): Promise<void> {
  try {
    await session.run(
      `INSERT INTO ${await storeTable(session, 'person')} (person, full_name, email, state, created_at)
       VALUES (?, ?, ?, ?, UTC_TIMESTAMP(6))`,
      [added.person, added.fullName, added.email, added.state],
    )
  } catch (error) {
    if (serverErrorNumber(error) !== DUPLICATE) throw error
    throw new EcomdbError('INPUT_INVALID', {
      what: `there is a person ${added.person} already, or was`,
      why: 'the name of someone who left stays reserved: old grants and records say it',
      hints: ['choose another name; `ecomdb user list` shows them'],
    })
  }
}

/** @throws EcomdbError LOCKED */
export async function setState(
  session: Session,
  handle: string,
  state: 'active' | 'locked',
): Promise<void> {
  const name = `ecomdb:person:${handle}`
  if ((await session.value('SELECT GET_LOCK(?, ?)', [name, LOCK_WAIT_S])) !== '1') {
    throw new EcomdbError('LOCKED', {
      what: `somebody else changes ${handle} at this moment`,
      hints: ['run the command again'],
    })
  }
  try {
    await session.run(
      `UPDATE ${await storeTable(session, 'person')} SET state = ? WHERE person = ? AND state <> 'left'`,
      [state, handle],
    )
  } finally {
    await session.value('SELECT RELEASE_LOCK(?)', [name])
  }
}
