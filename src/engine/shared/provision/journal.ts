import { createHash } from 'node:crypto'
import { EcomdbError } from '#core/errors'
import { toolVersion } from '#core/version'
import type { SchemaObject } from '#domain/schema/live-schema'
import type { Migration } from '#domain/schema/migration'
import type { JournalEntry } from '#domain/schema/provision-plan'
import type { RecordedSchema } from '../../provisioner.ts'
import { quoteQualified } from '../../quote.ts'
import { orNone } from '../../server-error.ts'
import type { Session } from '../../session.ts'

const JOURNAL = 'ecomdb_migration'
const RECORDED = 'ecomdb_object'

export async function readJournal(session: Session, schema: string): Promise<JournalEntry[]> {
  const rows = await orNone(
    session.rows<Record<string, string | number | null>>(
      `SELECT version, name, checksum, state, statement_index, started_at, finished_at,
         applied_by, tool_version
       FROM ${quoteQualified(schema, JOURNAL)} ORDER BY version`,
    ),
  )
  return rows.map(row => ({
    version: Number(row['version']),
    name: String(row['name']),
    checksum: String(row['checksum']),
    state: String(row['state']) as JournalEntry['state'],
    statementIndex: Number(row['statement_index']),
    startedAt: String(row['started_at']),
    finishedAt: row['finished_at'] === null ? null : String(row['finished_at']),
    appliedBy: String(row['applied_by']),
    toolVersion: String(row['tool_version']),
  }))
}

/** The first migration makes the journal, so what it does is written down when it is over. */
const keepsItself = (migration: Migration): boolean => migration.version === 0

export async function journalStep(
  session: Session,
  schema: string,
  migration: Migration,
  index: number,
): Promise<void> {
  if (!keepsItself(migration)) await write(session, schema, migration, 'running', index)
}

export async function journalDone(
  session: Session,
  schema: string,
  migration: Migration,
  state: 'done' | 'adopted',
  record: readonly SchemaObject[] | null,
): Promise<void> {
  await session.run('START TRANSACTION')
  if (record !== null) await writeRecorded(session, schema, migration.version, record)
  await write(session, schema, migration, state, migration.statements.length)
  await session.run('COMMIT')
}

async function write(
  session: Session,
  schema: string,
  migration: Migration,
  state: JournalEntry['state'],
  index: number,
): Promise<void> {
  const finished = state === 'running' ? 'NULL' : 'UTC_TIMESTAMP(6)'
  await session.run(
    `INSERT INTO ${quoteQualified(schema, JOURNAL)}
       (version, name, checksum, state, statement_index, started_at, finished_at, applied_by, tool_version)
     VALUES (?, ?, ?, ?, ?, UTC_TIMESTAMP(6), ${finished}, USER(), ?)
     ON DUPLICATE KEY UPDATE state = ?, statement_index = ?, finished_at = ${finished},
       checksum = ?, applied_by = USER(), tool_version = ?`,
    [
      ...[migration.version, migration.name, migration.checksum, state, index, toolVersion()],
      ...[state, index, migration.checksum, toolVersion()],
    ],
  )
}

async function writeRecorded(
  session: Session,
  schema: string,
  version: number,
  objects: readonly SchemaObject[],
): Promise<void> {
  const table = quoteQualified(schema, RECORDED)
  await session.run(`DELETE FROM ${table}`)
  for (const { kind, name, definition } of objects) {
    await session.run(
      `INSERT INTO ${table} (kind, name, definition, version) VALUES (?, ?, ?, ?)`,
      [...[kind, name, definition, version]],
    )
  }
}

export async function readRecorded(session: Session, schema: string): Promise<RecordedSchema> {
  const rows = await orNone(
    session.rows<Record<'kind' | 'name' | 'definition', string> & { version: number }>(
      `SELECT kind, name, definition, version FROM ${quoteQualified(schema, RECORDED)}
       ORDER BY kind, name`,
    ),
  )
  return {
    version: rows[0] ? Number(rows[0].version) : null,
    objects: rows.map(({ kind, name, definition }) => ({
      kind: kind as SchemaObject['kind'],
      name,
      definition,
    })),
  }
}

export async function countSetAside(session: Session, schema: string): Promise<number> {
  const [row] = await orNone(
    session.rows<{ number: number }>(
      `SELECT COUNT(*) AS number FROM ${quoteQualified(schema, 'ecomdb_set_aside')}
       WHERE table_name NOT LIKE 'mysql.%'`,
    ),
  )
  return Number(row?.number ?? 0)
}

/** MySQL allows 64 characters in a lock's name, and a schema's name alone may have as many. */
function lockName(schema: string): string {
  return `ecomdb/provision/${createHash('sha256').update(schema).digest('hex').slice(0, 40)}`
}

/** The server takes a moment to notice that a client has gone. */
const LOCK_WAIT_S = 2

export async function lockSchema(session: Session, schema: string): Promise<void> {
  const name = lockName(schema)
  if ((await session.value('SELECT GET_LOCK(?, ?)', [name, LOCK_WAIT_S])) === '1') return
  const [holder] = await session.rows<Record<string, string | number | null>>(
    `SELECT id AS id, user AS user, host AS host, time AS seconds, info AS statement
     FROM information_schema.processlist WHERE id = IS_USED_LOCK(?)`,
    [name],
  )
  throw new EcomdbError('LOCKED', {
    what: `another ecomdb provisions ${schema}`,
    why: holder
      ? `connection ${holder['id']} of '${holder['user']}' at ${holder['host'] || 'this host'}` +
        (holder['statement']
          ? ` runs a statement since ${holder['seconds']} s: ${String(holder['statement']).slice(0, 80)}`
          : ' holds the lock')
      : 'it has just ended, or belongs to an account that this one may not see',
    hints: [
      'wait for it, then run the command again: the server finishes a statement even when its client is gone',
    ],
  })
}
