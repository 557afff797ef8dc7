import type { AccountEntry } from '#domain/backup/manifest'
import type { Position } from '#domain/backup/position'
import { quoteAccount, quoteString } from '../quote.ts'
import type { Session, SqlRow } from '../session.ts'
import { logStatus, whyLogLacks } from '../shared/binlog/log-lacks.ts'
import { REPLAYED_SETTINGS } from '../shared/binlog/replay-settings.ts'
import type { LogicalDialect } from '../shared/logical/dialect.ts'
import { flushTablesWithReadLock, lockTables } from '../shared/logical/lock-methods.ts'
import { unlessRefused } from '../shared/logical/unless-refused.ts'
import { readSpatialReferences } from './spatial-references.ts'

/** DDL that runs is waited for no longer than this. */
const FENCE_SECONDS = 2

export const mysqlLogicalDialect: LogicalDialect = {
  family: 'mysql',
  systemDatabases: ['mysql', 'information_schema', 'performance_schema', 'sys'],
  settings: [
    'activate_all_roles_on_login',
    'character_set_server',
    'collation_server',
    'default_collation_for_utf8mb4',
    ...REPLAYED_SETTINGS,
    'event_scheduler',
    'explicit_defaults_for_timestamp',
    'gtid_mode',
    'innodb_page_size',
    'innodb_strict_mode',
    'lower_case_table_names',
    'mandatory_roles',
    'partial_revokes',
    'password_history',
    'password_reuse_interval',
    'sql_generate_invisible_primary_key',
    'sql_mode',
    'system_time_zone',
    'version_comment',
  ],
  lockMethods: [lockTables, flushTablesWithReadLock],
  routineTypes: ['FUNCTION', 'PROCEDURE'],
  // Without it TABLE_ROWS and DATA_LENGTH are up to a day old.
  catalogSettings: ['information_schema_stats_expiry = 0'],
  readerSettings: ['max_execution_time = 0'],
  freesMetadataLocks: null,

  async sourceId(session) {
    return (await session.value('SELECT @@server_uuid')) ?? ''
  },

  async position(session): Promise<Position | null> {
    const rows = await unlessRefused(logStatus(session))
    if (rows === null) return null
    const gtidSet = await session.value('SELECT @@global.gtid_executed')
    const [row] = (await whyLogLacks(session, rows[0] ?? {})) === null ? rows : []
    return {
      engine: 'mysql',
      file: row ? String(row['File']) : null,
      offset: row ? Number(row['Position']) : null,
      gtidSet: (gtidSet ?? '').replaceAll('\n', ''),
    }
  },

  async accounts(session) {
    const rows = await session.rows<AccountRow>(
      `SELECT user AS user, host AS host, CONVERT(ssl_cipher USING utf8mb4) AS cipher,
              CONVERT(x509_issuer USING utf8mb4) AS issuer,
              CONVERT(x509_subject USING utf8mb4) AS subject,
              account_locked = 'Y' AND password_expired = 'Y' AND authentication_string = '' AS role
         FROM mysql.user
        WHERE user NOT IN ('mysql.sys', 'mysql.session', 'mysql.infoschema')
        ORDER BY user, host`,
    )
    await session.run('SET SESSION print_identified_with_as_hex = ON')
    const accounts: AccountEntry[] = []
    for (const row of rows) accounts.push(await readAccount(session, row))
    return accounts
  },

  spatialReferences: readSpatialReferences,

  sequences: async () => [],

  definitionFence: {
    async raise(session) {
      const before = await session.value('SELECT @@session.lock_wait_timeout')
      await session.run(`SET SESSION lock_wait_timeout = ${FENCE_SECONDS}`)
      const done = await unlessRefused(session.run('LOCK INSTANCE FOR BACKUP'))
      await session.run(`SET SESSION lock_wait_timeout = ${before}`)
      return done && 'LOCK INSTANCE FOR BACKUP: the server keeps DDL out until the end'
    },
    async lower(session) {
      await unlessRefused(session.run('UNLOCK INSTANCE'))
    },
  },
}

/**
 * DEFAULT ROLE in CREATE USER wants the role to be there and granted, so it becomes a
 * statement of its own, after the grants.
 */
async function readAccount(session: Session, row: AccountRow): Promise<AccountEntry> {
  const { user, host, role } = row
  const account = quoteAccount(user, host)
  const shown = (await session.value(`SHOW CREATE USER ${account}`)) ?? ''
  const created = withQuotedRequirements(shown, row)
  const defaults = DEFAULT_ROLE.exec(created)?.[1]
  const grants = (await session.rows(`SHOW GRANTS FOR ${account}`)).map(row =>
    String(Object.values(row)[0]),
  )
  return {
    user,
    host,
    kind: Number(role) === 1 ? 'role' : 'account',
    create: [created.replace(DEFAULT_ROLE, '')],
    grants: [...grants, ...(defaults ? [`SET DEFAULT ROLE ${defaults} TO ${account}`] : [])],
  }
}

type AccountRow = SqlRow & {
  user: string
  host: string
  role: number
  cipher: string
  issuer: string
  subject: string
}

/**
 * SHOW CREATE USER prints what REQUIRE asks for between quotes, and its own quotes and
 * backslashes as they are (MySQL 9.7, measured): '/CN=O'Brien'. That would be no statement, or
 * another one.
 */
function withQuotedRequirements(created: string, { cipher, issuer, subject }: AccountRow): string {
  const printed = { SUBJECT: subject, ISSUER: issuer, CIPHER: cipher }
  return Object.entries(printed).reduce(
    (text, [word, value]) =>
      value ? text.replace(` ${word} '${value}'`, () => ` ${word} ${quoteString(value)}`) : text,
    created,
  )
}

const NAME = '`(?:[^`]|``)*`'
const DEFAULT_ROLE = new RegExp(` DEFAULT ROLE (${NAME}@${NAME}(?:,${NAME}@${NAME})*)`)
