import { EcomdbError, messageOf } from '#core/errors'
import { type DefinerObject, sameAccount, withDefiner } from '#domain/access/definer-object'
import type { ProgramEntry } from '#domain/backup/manifest'
import type { AccountName } from '#domain/schema/service-accounts'
import type { RehomedObject } from '../../definer-objects.ts'
import { quoteAccount, quoteIdentifier, quoteQualified } from '../../quote.ts'
import { isReadOnly } from '../../read-only-database.ts'
import type { Session, SqlRow } from '../../session.ts'
import { WireConnection } from '../bulk-load/wire-connection.ts'
import { readProgram } from '../logical/read-programs.ts'
import { withOwnCollations } from '../logical/routine-collation.ts'
import { alterEvent, inContext } from './alter-event.ts'
import {
  beginReplacement,
  endReplacement,
  openReplacements,
  type Replacement,
} from './rehoming-journal.ts'

/** Seconds that a statement waits for a transaction of others, with everybody queueing behind it. */
const LOCK_WAIT_S = 10

/** A connection that sends a program's text in the character set that it was made under. */
async function openMaker({ options }: Session): Promise<WireConnection> {
  const maker = await WireConnection.open({ ...options, database: undefined })
  await maker.run(`SET SESSION lock_wait_timeout = ${LOCK_WAIT_S}, time_zone = '+00:00'`)
  return maker
}

/** @see DefinerObjects.disableEvents */
export async function disableEvents(
  session: Session,
  events: readonly DefinerObject[],
  to: AccountName,
): Promise<RehomedObject[]> {
  if (events.length === 0) return []
  const maker = await openMaker(session)
  try {
    return await each(events, async event => {
      await alterEvent(maker, session, { ...event, definer: to, status: 'DISABLE' })
    })
  } finally {
    await maker.close()
  }
}

/** @see DefinerObjects.rehome */
export async function rehome(
  session: Session,
  store: string,
  objects: readonly DefinerObject[],
  to: AccountName,
): Promise<RehomedObject[]> {
  const maker = await openMaker(session)
  const work: Work = { session, store, maker, to }
  try {
    for (const replacement of await openReplacements(session, store)) {
      await replaceAll(work, replacement)
    }
    const rest = objects.filter(({ kind }) => kind !== 'event')
    const done = await each(
      rest.filter(({ kind }) => kind !== 'trigger'),
      object => rehomeOne(work, object),
    )
    return [...done, ...(await rehomeTriggers(work, rest))]
  } finally {
    await maker.close()
  }
}

interface Work {
  session: Session
  store: string
  maker: WireConnection
  to: AccountName
}

/** One that fails does not keep the others. A missing privilege would be missing for all. */
async function each(
  objects: readonly DefinerObject[],
  work: (object: DefinerObject) => Promise<void>,
): Promise<RehomedObject[]> {
  const done: RehomedObject[] = []
  for (const object of objects) {
    try {
      await work(object)
      done.push({ ...object, failed: null })
    } catch (error) {
      const isEcomdb = error instanceof EcomdbError
      if (isEcomdb && ['PRIVILEGE_MISSING', 'SERVER_LOST'].includes(error.code)) throw error
      done.push({ ...object, failed: (isEcomdb && error.why) || messageOf(error) })
    }
  }
  return done
}

async function rehomeOne(
  work: Work,
  { kind, schema, name, definer }: DefinerObject,
): Promise<void> {
  const { session, maker, to } = work
  const before = await readWhole(session, { kind, schema, name })
  const entry = { ...before, create: withDefiner(before.create, to) }
  const worked = kind === 'view' && (await opens(session, entry))
  if (kind === 'view' || session.flavor.family === 'mariadb') {
    // What is granted on it stays, and there is no moment without it.
    await inContext(maker, session, entry, orReplace(entry.create))
  } else {
    const grants = await routineGrants(session, entry, definer)
    await replaceAll(work, { programs: [{ entry, grants }], table: null })
  }
  await compare(session, entry)
  if (worked) await mustOpen(session, entry)
}

/** All triggers of a table that fire at one moment, from the first that changes: the order counts. */
async function rehomeTriggers(
  work: Work,
  objects: readonly DefinerObject[],
): Promise<RehomedObject[]> {
  const triggers = objects.filter(({ kind }) => kind === 'trigger')
  const groups = new Map<string, DefinerObject[]>()
  for (const trigger of triggers) {
    const key = JSON.stringify([trigger.schema, trigger.table, trigger.fires])
    groups.set(key, [...(groups.get(key) ?? []), trigger])
  }
  const done: RehomedObject[] = []
  for (const group of groups.values()) {
    const [first] = group
    if (!first) continue
    const [outcome] = await each([first], () => rehomeGroup(work, first, group))
    done.push(...group.map(trigger => ({ ...trigger, failed: outcome?.failed ?? null })))
  }
  return done
}

async function rehomeGroup(
  work: Work,
  { schema, table = '', fires = '' }: DefinerObject,
  theirs: readonly DefinerObject[],
): Promise<void> {
  const { session, to } = work
  const rows = await session.rows<SqlRow & { name: string }>(
    `SELECT trigger_name AS name FROM information_schema.triggers
      WHERE event_object_schema = ? AND event_object_table = ?
        AND CONCAT(action_timing, ' ', event_manipulation) = ? ORDER BY action_order`,
    [schema, table, fires],
  )
  const names = rows.map(row => row.name)
  const isTheirs = (name: string): boolean => theirs.some(one => one.name === name)
  const programs: { entry: ProgramEntry; grants: string[] }[] = []
  for (const name of names.slice(names.findIndex(isTheirs))) {
    const entry = await readWhole(session, { kind: 'trigger', schema, name })
    const create = isTheirs(name) ? withDefiner(entry.create, to) : entry.create
    programs.push({ entry: { ...entry, create }, grants: [] })
  }
  await replaceAll(work, { programs, table })
  for (const { entry } of programs) await compare(session, entry)
}

/** What would be written anew with other letters stays as it is. */
async function readWhole(
  session: Session,
  program: Pick<ProgramEntry, 'kind' | 'schema' | 'name'>,
): Promise<ProgramEntry> {
  const entry = await readOwn(session, program)
  await requireWritable(session, entry)
  if (!entry.lossy) return entry
  throw new EcomdbError('UNSUPPORTED', {
    what: `${entry.kind} ${entry.schema}.${entry.name} cannot be made again as it is`,
    why: `it has bytes or letters that are not in ${entry.characterSetClient}, its client's character set`,
    hints: ['make it again by hand, from its source'],
  })
}

/** With what the server gave it, and no text tells. */
async function readOwn(
  session: Session,
  program: Pick<ProgramEntry, 'kind' | 'schema' | 'name'>,
): Promise<ProgramEntry> {
  const entry = await readProgram(session, program)
  const isRoutine = entry.kind === 'function' || entry.kind === 'procedure'
  const [own = entry] = isRoutine ? await withOwnCollations(session, entry.schema, [entry]) : []
  return own
}

/** A replacement that is begun is gone on with by every later run: here none could be. */
async function requireWritable(
  session: Session,
  { kind, schema, name }: ProgramEntry,
): Promise<void> {
  const [row] = await session.rows(`SHOW CREATE DATABASE ${quoteIdentifier(schema)}`)
  if (!isReadOnly({ create: String(row?.['Create Database'] ?? '') })) return
  throw new EcomdbError('UNSUPPORTED', {
    what: `${kind} ${schema}.${name} cannot be made again`,
    why: `database ${schema} is READ ONLY`,
    hints: [`ALTER DATABASE ${quoteIdentifier(schema)} READ ONLY = 0`],
  })
}

/** Drops and makes again, behind a journal. Writers of a trigger's table wait meanwhile. */
async function replaceAll(work: Work, replacement: Replacement): Promise<void> {
  const { session, store, maker } = work
  const { programs, table } = replacement
  await beginReplacement(session, store, replacement)
  const schema = programs[0]?.entry.schema ?? ''
  if (table !== null) {
    try {
      await maker.run(`LOCK TABLES ${quoteQualified(schema, table)} WRITE`, 'cannot lock the table')
    } catch (error) {
      await endReplacement(session, store, replacement)
      throw error
    }
  }
  try {
    for (const { entry } of programs) await maker.run(dropStatement(entry))
    for (const { entry, grants } of programs) {
      await inContext(maker, session, entry, entry.create)
      for (const grant of grants) await maker.run(grant)
    }
  } finally {
    if (table !== null) await maker.run('UNLOCK TABLES')
  }
  await endReplacement(session, store, replacement)
}

function dropStatement({ kind, schema, name }: ProgramEntry): string {
  return `DROP ${kind.toUpperCase()} IF EXISTS ${quoteQualified(schema, name)}`
}

/**
 * DROP PROCEDURE takes the grants on it along (MySQL has no CREATE OR REPLACE PROCEDURE): all of
 * them come back, that of the new definer too, but for that of the one who leaves.
 */
async function routineGrants(
  session: Session,
  { kind, schema, name }: ProgramEntry,
  leaver: AccountName,
): Promise<string[]> {
  const rows = await session.rows<SqlRow & Record<'user' | 'host' | 'privileges', string>>(
    `SELECT user AS user, host AS host, proc_priv AS privileges FROM mysql.procs_priv
      WHERE db = ? AND routine_name = ? AND routine_type = ?`,
    [schema, name, kind.toUpperCase()],
  )
  const place = `${kind.toUpperCase()} ${quoteQualified(schema, name)}`
  return rows.flatMap(({ user, host, privileges }) => {
    const held = privileges.toUpperCase().split(',')
    const plain = held.filter(privilege => privilege !== 'GRANT')
    const option = held.includes('GRANT') ? ' WITH GRANT OPTION' : ''
    if (sameAccount({ user, host }, leaver)) return []
    return [
      `GRANT ${plain.join(', ') || 'USAGE'} ON ${place} TO ${quoteAccount(user, host)}${option}`,
    ]
  })
}

/** What is on the server now, against what was meant: every byte, and the settings with it. */
async function compare(session: Session, wanted: ProgramEntry): Promise<void> {
  const { kind, schema, name } = wanted
  const made = await readOwn(session, { kind, schema, name })
  const parts = [
    'create',
    'sqlMode',
    'characterSetClient',
    'collationConnection',
    'databaseCollation',
    'utf8mb4Collation',
    'sessionCollation',
  ] as const
  const different = parts.filter(part => made[part] !== wanted[part])
  if (different.length > 0) {
    throw new EcomdbError('CONTENT_MISMATCH', {
      what: `${kind} ${schema}.${name} came back different`,
      why: `${different.join(', ')}: ${JSON.stringify(different.map(part => made[part]))}`,
    })
  }
}

async function opens(session: Session, { schema, name }: ProgramEntry): Promise<boolean> {
  return await session.rows(`SELECT * FROM ${quoteQualified(schema, name)} LIMIT 0`).then(
    () => true,
    () => false,
  )
}

async function mustOpen(session: Session, entry: ProgramEntry): Promise<void> {
  await session.rows(`SELECT * FROM ${quoteQualified(entry.schema, entry.name)} LIMIT 0`)
}

/** CREATE becomes CREATE OR REPLACE, which keeps what was granted on the object. */
function orReplace(create: string): string {
  return create.replace(/^CREATE (?!OR REPLACE )/, 'CREATE OR REPLACE ')
}
