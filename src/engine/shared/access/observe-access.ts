import type {
  AccountRecord,
  ObservedAccess,
  ObservedObject,
  PersonRecord,
} from '#domain/access/observed'
import { quoteQualified, quoteString } from '../../quote.ts'
import { orNone } from '../../server-error.ts'
import type { Session } from '../../session.ts'
import { ownStores } from '../own-store/own-store.ts'
import { offeredPrivileges } from '../provision/accounts.ts'
import { BY_POLICY } from './compile-change.ts'
import type { AccessDialect } from './dialect.ts'

/** Reads whole catalogue tables: about twenty queries, however many accounts there are. */
export async function observeAccess(
  session: Session,
  dialect: AccessDialect,
): Promise<ObservedAccess> {
  const { family } = session.flavor
  const principals = await dialect.readPrincipals(session)
  return {
    family,
    flavor: session.flavor.toString(),
    offered: await offeredPrivileges(session),
    foldNames: (await session.value('SELECT @@lower_case_table_names')) !== '0',
    ...(await dialect.readSettings(session)),
    principals: principals.filter(({ account }) => !dialect.serverAccounts.includes(account.user)),
    ownSchema: ownStores.storeName(session, 'access'),
    objects: await readObjects(session),
    ...(await readRecords(session)),
  }
}

const OWN_SCHEMAS = "('mysql', 'sys', 'information_schema', 'performance_schema')"

async function readObjects(session: Session): Promise<ObservedObject[]> {
  const rows = await session.rows<Record<keyof ObservedObject, string | null>>(
    `SELECT table_schema AS \`schema\`, table_name AS name, 'table' AS kind,
       NULL AS definer, NULL AS security
     FROM information_schema.tables
     WHERE table_type <> 'VIEW' AND table_schema NOT IN ${OWN_SCHEMAS}
     UNION ALL SELECT table_schema, table_name, 'view', definer, security_type
     FROM information_schema.views WHERE table_schema NOT IN ${OWN_SCHEMAS}
     UNION ALL SELECT routine_schema, routine_name, LOWER(routine_type), definer, security_type
     FROM information_schema.routines WHERE routine_schema NOT IN ${OWN_SCHEMAS}
     UNION ALL SELECT trigger_schema, trigger_name, 'trigger', definer, 'DEFINER'
     FROM information_schema.triggers WHERE trigger_schema NOT IN ${OWN_SCHEMAS}
     UNION ALL SELECT event_schema, event_name, 'event', definer, 'DEFINER'
     FROM information_schema.events WHERE event_schema NOT IN ${OWN_SCHEMAS}`,
  )
  return rows as ObservedObject[]
}

/** What ecomdb's own store has; nothing where there is no store yet. */
async function readRecords(
  session: Session,
): Promise<Pick<ObservedAccess, 'people' | 'records' | 'leases'>> {
  const database = ownStores.storeName(session, 'access')
  const people = await orNone(
    session.rows<Record<string, string | null>>(
      `SELECT person, full_name, email, state FROM ${quoteQualified(database, 'person')}`,
    ),
  )
  const records = await orNone(
    session.rows<Record<string, string | null>>(
      `SELECT account_user, account_host, person, kind FROM ${quoteQualified(database, 'account')}`,
    ),
  )
  // A right of another command's own table, which may not be there yet.
  const leases = await orNone(
    session.rows<Record<string, string>>(
      `SELECT DISTINCT person, role, granted_by = ${quoteString(BY_POLICY)} AS byPolicy FROM ${quoteQualified(database, 'role_grant')}
       WHERE ended_at IS NULL AND starts_at <= UTC_TIMESTAMP(6)
         AND (ends_at IS NULL OR ends_at > UTC_TIMESTAMP(6))`,
    ),
  )
  return {
    people: people.map(row => ({
      person: String(row['person']),
      fullName: String(row['full_name']),
      email: row['email'] ?? null,
      state: row['state'] as PersonRecord['state'],
    })),
    records: records.map(row => ({
      account: { user: String(row['account_user']), host: String(row['account_host']) },
      person: row['person'] ?? null,
      kind: row['kind'] as AccountRecord['kind'],
    })),
    leases: leases.map(({ person = '', role = '', byPolicy }) => ({
      ...{ person, role },
      ...(String(byPolicy) === '1' ? { byPolicy: true } : {}),
    })),
  }
}
