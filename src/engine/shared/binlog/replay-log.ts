import { isPerson } from '#domain/backup/restored-accounts'
import type { Definition } from '#domain/binlog/older-temporary'
import type { LogReplay, PrepareOptions, ReplayTarget, SettleOptions } from '../../binlog.ts'
import { quoteAccount, quoteString } from '../../quote.ts'
import { RESTORE_JOURNAL } from '../../restore-journal-database.ts'
import type { Session, SqlRow } from '../../session.ts'
import { alterEvents } from '../definer-objects/alter-event.ts'
import { definerOf } from '../definer-objects/list-objects.ts'
import { isHiddenFolder } from '../hidden-folders.ts'
import { liftReadOnly } from '../lift-read-only.ts'
import { readSettings, systemOffsets } from '../server-settings.ts'
import type { BinlogDialect } from './dialect.ts'
import { COMPARED_SETTINGS, takeGlobals } from './replay-settings.ts'
import { grantAllRoles } from './role-admins.ts'
import { runReplay } from './run-replay.ts'
import { ServerChanges } from './server-changes.ts'

/** The largest that both engines take. */
const LARGEST_PACKET = 1024 * 1024 * 1024

/** See LogReplay. */
export function logReplay(dialect: BinlogDialect): LogReplay {
  return {
    readsBeforeStart: dialect.readsBeforeStart,
    requirePrograms() {
      dialect.tool()
      dialect.client()
    },
    observe: session => observeTarget(dialect, session),
    prepare: prepareServer,
    run: options => runReplay(dialect, options),
    systemZone: async session => ({
      name: (await session.value('SELECT @@system_time_zone')) ?? '',
      offsets: await systemOffsets(session),
    }),
    compared: session => readSettings(session, COMPARED_SETTINGS),
    searches,
    definitionsWith,
    undecided: async session => (await session.rows('XA RECOVER')).length,
    settle: (session, options) => settle(dialect, session, options),
  }
}

async function observeTarget(dialect: BinlogDialect, session: Session): Promise<ReplayTarget> {
  const rows = await session.rows<SqlRow & { name: string }>(
    'SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA ORDER BY SCHEMA_NAME',
  )
  return {
    databases: rows
      .map(({ name }) => name)
      .filter(name => !dialect.systemDatabases.includes(name.toLowerCase()))
      .filter(name => name !== RESTORE_JOURNAL && !isHiddenFolder(name)),
    accounts: await openAccounts(dialect, session),
  }
}

/** Triggers, routines, events and views; who may not see one cannot replay either. */
async function searches(session: Session): Promise<boolean> {
  const texts = Object.entries({
    ROUTINES: 'ROUTINE_DEFINITION',
    TRIGGERS: 'ACTION_STATEMENT',
    EVENTS: 'EVENT_DEFINITION',
    VIEWS: 'VIEW_DEFINITION',
  })
  for (const [table, text] of texts) {
    const found = await session.rows(
      `SELECT 1 FROM information_schema.${table} WHERE LOWER(${text}) LIKE '%match%against%' LIMIT 1`,
    )
    if (found.length > 0) return true
  }
  return false
}

/** As in a log: bytes, as latin1. */
async function definitionsWith(session: Session, words: readonly string[]): Promise<Definition[]> {
  const asked = [
    ['COLUMNS', 'TABLE_NAME', "CONCAT_WS(' ', COLUMN_DEFAULT, GENERATION_EXPRESSION)"],
    ['TRIGGERS', 'EVENT_OBJECT_TABLE', 'ACTION_STATEMENT'],
    ['ROUTINES', 'ROUTINE_NAME', 'ROUTINE_DEFINITION'],
    ['VIEWS', 'TABLE_NAME', 'VIEW_DEFINITION'],
  ]
  const found: Definition[] = []
  for (const [table, name, text] of asked) {
    const hasOne = words.map(word => `LOCATE(${quoteString(word)}, LOWER(x.t)) > 0`).join(' OR ')
    const rows = await session.rows(
      `SELECT n, t FROM (SELECT ${name} AS n, ${text} AS t FROM information_schema.${table}) AS x WHERE ${hasOne}`,
    )
    const latin1 = (value: unknown): string => Buffer.from(String(value)).toString('latin1')
    for (const row of rows) found.push({ name: latin1(row['n']), text: latin1(row['t']) })
  }
  return found
}

async function openAccounts(
  dialect: BinlogDialect,
  session: Session,
): Promise<{ user: string; host: string }[]> {
  const rows = await session.rows<SqlRow & { user: string; host: string }>(dialect.openAccounts)
  return rows.map(({ user, host }) => ({ user, host }))
}

/**
 * An event that ran during the replay would do again what the log has of it. A row may be as
 * large as the source's packets, and travels in a statement that is larger (see packetOfSource). What LOAD DATA read is in the
 * log of statements, and goes to the server as LOAD DATA LOCAL, which MySQL refuses unless it is told. Functions
 * that a source with `log_bin_trust_function_creators` took are refused by a server that has a log of its own, also
 * where the session does not write to it.
 */
async function prepareServer(
  session: Session,
  options: PrepareOptions,
): Promise<(session: Session) => Promise<string[]>> {
  const changes = new ServerChanges()
  try {
    await changeServer(session, options, changes)
  } catch (error) {
    await changes.putBack(session).catch(() => {})
    throw error
  }
  return by => changes.putBack(by)
}

async function changeServer(
  session: Session,
  { source, untold, binlog, ...options }: PrepareOptions,
  changes: ServerChanges,
): Promise<void> {
  const ask = (name: string) => session.value(`SELECT @@GLOBAL.${name}`)
  const set = (name: string, value: string, was: string) =>
    changes.setGlobal(session, name, value, was)
  // Put back as the last: events see the rest as it was.
  if ((await ask('event_scheduler')) === 'ON') await set('event_scheduler', 'OFF', 'ON')
  changes.note(await liftReadOnly(session))
  await applyRowsAsTheyAre(session, changes)
  await takeLargeTransactions(session, changes)
  await takeGlobals(session, source, changes)
  for (const name of ['local_infile', 'log_bin_trust_function_creators']) {
    if ((await ask(name)) !== '1') await set(name, 'ON', 'OFF')
  }
  await grantAllRoles(session, untold, binlog, changes)
  const packet = options.packet ?? LARGEST_PACKET
  const was = Number(await ask('max_allowed_packet'))
  if (was !== packet) await set('max_allowed_packet', `${packet}`, `${was}`)
}

/**
 * A transaction that the source took must be taken here, too, where the replay is logged anew; in the middle of
 * a log there is no going on without it. A session has them from its beginning.
 */
const CACHES = ['max_binlog_cache_size', 'max_binlog_stmt_cache_size']

async function takeLargeTransactions(session: Session, changes: ServerChanges): Promise<void> {
  for (const name of CACHES) {
    const was = (await session.value(`SELECT CAST(@@GLOBAL.${name} AS CHAR)`)) ?? 'DEFAULT'
    await changes.setGlobal(session, name, '18446744073709547520', was)
  }
}

/**
 * MariaDB applies rows of a log to whoever executes them as a replica of that server would: its triggers
 * would run once more on what the source's have done, and a row that is missing would be nothing to tell.
 */
const OF_REPLICAS = { slave_exec_mode: 'STRICT', slave_run_triggers_for_rbr: 'NO' } as const

async function applyRowsAsTheyAre(session: Session, changes: ServerChanges): Promise<void> {
  if (session.flavor.family !== 'mariadb') return
  for (const [name, value] of Object.entries(OF_REPLICAS)) {
    const was = (await session.value(`SELECT @@GLOBAL.${name}`)) ?? value
    if (was === value) continue
    await changes.setGlobal(session, name, quoteString(value), quoteString(was))
  }
}

async function settle(
  dialect: BinlogDialect,
  session: Session,
  { keep, services }: SettleOptions,
): Promise<{ locked: string[]; events: string[] }> {
  await session.run('SET SESSION sql_log_bin = 0')
  const events = await disableEvents(session)
  const kept = new Set(keep.map(({ user, host }) => JSON.stringify([user, host])))
  const locked: string[] = []
  for (const account of await openAccounts(dialect, session)) {
    const { user, host } = account
    const person = isPerson({ user, host, kind: 'account', create: [], grants: [] }, services)
    if (!person || kept.has(JSON.stringify([user, host]))) continue
    await session.run(`ALTER USER ${quoteAccount(user, host)} ACCOUNT LOCK`)
    locked.push(quoteAccount(user, host))
  }
  return { locked, events }
}

interface EventRow extends SqlRow {
  place: string
  name: string
  definer: string
}

async function disableEvents(session: Session): Promise<string[]> {
  const rows = await session.rows<EventRow>(
    `SELECT EVENT_SCHEMA AS place, EVENT_NAME AS name, DEFINER AS definer
       FROM information_schema.EVENTS WHERE STATUS = 'ENABLED'
      ORDER BY EVENT_SCHEMA, EVENT_NAME`,
  )
  const changes = rows.map(({ place, name, definer }) => ({
    ...{ schema: place, name, definer: definerOf(definer), status: 'DISABLE' },
  }))
  await alterEvents(session, changes)
  return rows.map(({ place, name }) => `${place}.${name}`)
}
