import type { AccountEntry, ProgramEntry } from '#domain/backup/manifest'
import type { Position } from '#domain/backup/position'
import { quoteAccount, quoteIdentifier } from '../quote.ts'
import type { Session, SqlRow } from '../session.ts'
import { logStatus, whyLogLacks } from '../shared/binlog/log-lacks.ts'
import { REPLAYED_SETTINGS } from '../shared/binlog/replay-settings.ts'
import type { LogicalDialect } from '../shared/logical/dialect.ts'
import { backupStage, lockTables } from '../shared/logical/lock-methods.ts'
import { unlessRefused } from '../shared/logical/unless-refused.ts'

export const mariadbLogicalDialect: LogicalDialect = {
  family: 'mariadb',
  systemDatabases: [
    ...['mysql', 'information_schema', 'performance_schema', 'sys'],
    // What a data directory has that is the root of a mounted file system.
    '#mysql50#lost+found',
  ],
  settings: [
    'character_set_server',
    'collation_server',
    ...REPLAYED_SETTINGS,
    'event_scheduler',
    'explicit_defaults_for_timestamp',
    'innodb_page_size',
    'innodb_strict_mode',
    'lower_case_table_names',
    'password_reuse_check_interval',
    'sql_mode',
    'system_time_zone',
    'system_versioning_alter_history',
    'version_comment',
  ],
  lockMethods: [backupStage, lockTables],
  routineTypes: ['PACKAGE', 'FUNCTION', 'PROCEDURE', 'PACKAGE BODY'],
  catalogSettings: [],
  readerSettings: ['max_statement_time = 0', 'query_cache_type = OFF'],
  // Measured on 10.11: with the binary log on, a savepoint never gives them back.
  freesMetadataLocks: 'SET SESSION sql_log_bin = 0',

  /** MariaDB has no server_uuid; server_uid is a hash of the machine and the port. */
  async sourceId(session) {
    const rows = await session.rows("SHOW GLOBAL VARIABLES LIKE 'server_uid'")
    const uid = rows[0]?.['Value']
    if (typeof uid === 'string' && uid !== '') return `server-uid:${uid}`
    return `server:${await session.value('SELECT CONCAT_WS(":", @@hostname, @@port, @@server_id)')}`
  },

  async position(session): Promise<Position | null> {
    const rows = await unlessRefused(logStatus(session))
    if (rows === null) return null
    const [row] = (await whyLogLacks(session, rows[0] ?? {})) === null ? rows : []
    return {
      engine: 'mariadb',
      file: row ? String(row['File']) : null,
      offset: row ? Number(row['Position']) : null,
      gtidSet: (await session.value('SELECT @@global.gtid_binlog_pos')) ?? '',
    }
  },

  async accounts(session) {
    const rows = await session.rows<AccountRow>(
      `SELECT User AS user, Host AS host, IFNULL(JSON_VALUE(Priv, '$.is_role'), 0) AS role
         FROM mysql.global_priv WHERE User <> 'mariadb.sys'
        ORDER BY role, User, Host`,
    )
    const admins = await roleAdministrators(session)
    const accounts: AccountEntry[] = []
    for (const row of rows) {
      const role = Number(row.role) === 1
      accounts.push(
        role ? await readRole(session, row.user, admins) : await readAccount(session, row),
      )
    }
    return afterTheirAdministrators(accounts, admins)
  },

  async sequences(session, schema): Promise<ProgramEntry[]> {
    const rows = await session.rows<SqlRow & { name: string }>(
      `SELECT TABLE_NAME AS name FROM information_schema.TABLES
        WHERE TABLE_SCHEMA = ? AND TABLE_TYPE = 'SEQUENCE' ORDER BY TABLE_NAME`,
      [schema],
    )
    const sequences: ProgramEntry[] = []
    for (const { name } of rows) sequences.push(await readSequence(session, schema, name))
    return sequences
  },

  // They cannot be made here.
  spatialReferences: async () => [],

  // BACKUP STAGE ends with the lock; what comes later is found by comparing definitions.
  definitionFence: { raise: async () => null, lower: async () => {} },
}

type AccountRow = SqlRow & { user: string; host: string; role: number | string }

/**
 * Who may grant a role: MariaDB gives it to whoever creates the role, unless told. It takes names that nobody has,
 * too, and shows the grant of one that somebody gets later only after its next start.
 */
type Administrators = ReadonlyMap<string, { user: string; host: string }>

async function roleAdministrators(session: Session): Promise<Administrators> {
  const rows = await session.rows<SqlRow & { user: string; host: string; role: string }>(
    `SELECT User AS user, Host AS host, Role AS role
       FROM mysql.roles_mapping JOIN mysql.global_priv USING (User, Host)
      WHERE Admin_option = 'Y' ORDER BY Host = '', User, Host`,
  )
  const administrators = new Map<string, { user: string; host: string }>()
  for (const { user, host, role } of rows) {
    if (!administrators.has(role)) administrators.set(role, { user, host })
  }
  return administrators
}

async function readAccount(session: Session, { user, host }: AccountRow): Promise<AccountEntry> {
  const account = quoteAccount(user, host)
  const created = (await session.value(`SHOW CREATE USER ${account}`)) ?? ''
  const grants = await grantsFor(session, account)
  return { user, host, kind: 'account', create: [created], grants }
}

async function readRole(
  session: Session,
  name: string,
  administrators: Administrators,
): Promise<AccountEntry> {
  const grants = await grantsFor(session, name === PUBLIC ? PUBLIC : quoteIdentifier(name))
  const grantee = name === PUBLIC ? PUBLIC : quoteIdentifier(name)
  // A role's grants come with those of the roles that it holds.
  const own = grants.filter(grant => new RegExp(` TO ${escapeRegExp(grantee)}( |$)`).test(grant))
  const admin = administrators.get(name)
  // A grant of its own: who creates a role WITH ADMIN another may not grant it to the rest.
  const by = admin
    ? [
        `GRANT ${grantee} TO ${admin.host === '' ? quoteIdentifier(admin.user) : quoteAccount(admin.user, admin.host)} WITH ADMIN OPTION`,
      ]
    : []
  return {
    user: name,
    host: '',
    kind: 'role',
    // What PUBLIC had once has left it there, without rights, and this makes it so.
    create: name === PUBLIC ? ['GRANT USAGE ON *.* TO PUBLIC'] : [`CREATE ROLE ${grantee}`, ...by],
    grants: own,
  }
}

/** Everyone, since MariaDB 10.11; it is there without being created. */
const PUBLIC = 'PUBLIC'

/** CREATE USER has the password already, and its clause here would override other ways in. */
async function grantsFor(session: Session, grantee: string): Promise<string[]> {
  const rows = await session.rows(`SHOW GRANTS FOR ${grantee}`)
  return rows.map(row =>
    String(Object.values(row)[0]).replace(/ IDENTIFIED BY PASSWORD '[^']*'/, ''),
  )
}

/** Roles whose administrator is a role come after it. */
function afterTheirAdministrators(
  accounts: readonly AccountEntry[],
  administrators: Administrators,
): AccountEntry[] {
  const ordered = new Set<AccountEntry>()
  const visiting = new Set<AccountEntry>()
  const visit = (entry: AccountEntry): void => {
    if (ordered.has(entry) || visiting.has(entry)) return
    visiting.add(entry)
    const admin = entry.kind === 'role' ? administrators.get(entry.user) : undefined
    const before = accounts.find(({ user, host }) => user === admin?.user && host === admin?.host)
    if (before) visit(before)
    ordered.add(entry)
  }
  for (const account of accounts) visit(account)
  return [...ordered]
}

/**
 * A sequence's next value is no row of a snapshot: it is read after the consistent point,
 * so that it is never lower than what the rows have used.
 */
async function readSequence(session: Session, schema: string, name: string): Promise<ProgramEntry> {
  const [row] = await session.rows(`SHOW CREATE SEQUENCE ${quoteIdentifier(name)}`)
  const [state] = await session.rows<SequenceState>(`SELECT * FROM ${quoteIdentifier(name)}`)
  return {
    kind: 'sequence',
    schema,
    name,
    create: String(row?.['Create Table'] ?? Object.values(row ?? {})[1] ?? ''),
    after: state ? nextValue(quoteIdentifier(name), state) : '',
    sqlMode: '',
    characterSetClient: '',
    collationConnection: '',
    timeZone: '',
  }
}

type SequenceState = SqlRow & Record<(typeof SEQUENCE_COLUMNS)[number], string | number>

/** In their order in the one row that a sequence has (manual, "CREATE SEQUENCE"). */
const SEQUENCE_COLUMNS = [
  ...(['next_not_cached_value', 'minimum_value', 'maximum_value', 'start_value'] as const),
  ...(['increment', 'cache_size', 'cycle_option', 'cycle_count'] as const),
]

/**
 * SETVAL takes a sequence forth and never back, and a new one is at its start: behind ALTER SEQUENCE … RESTART
 * or START the next value may be before that. Nor does it take the lowest number there is, which a sequence
 * that counts down can have next. Its row, as it is written by INSERT, can be anything.
 */
function nextValue(name: string, state: SequenceState): string {
  const next = BigInt(state.next_not_cached_value)
  const start = BigInt(state.start_value)
  const isBack = BigInt(state.increment) < 0n ? next > start : next < start
  if (!isBack && next > LOWEST) return `DO SETVAL(${name}, ${next}, 0, ${state.cycle_count})`
  return `INSERT INTO ${name} VALUES (${SEQUENCE_COLUMNS.map(column => state[column]).join(', ')})`
}

const LOWEST = -(2n ** 63n)

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
