import { EcomdbError } from '#core/errors'
import { shellWord } from '#core/shell-word'
import type { Check } from '#domain/backup/check'
import type { AccountEntry, Manifest } from '#domain/backup/manifest'
import { encryptedTables, namedTables } from '#domain/backup/manifest-inside'
import type { RestorePlan } from '#domain/backup/restore-plan'
import { needsPartialRevokes } from '#domain/backup/restored-accounts'
import type { RestoreTarget } from '#engine/logical-writer'
import { RESTORE_JOURNAL } from '#engine/restore-journal-database'
import type { OpenedSnapshot } from './open-snapshot.ts'
import type { RestoreChoice, RestoreJournal } from './restore-journal.ts'
import type { RestoreOptions, RestorePlace } from './restore-options.ts'

/** What changes the plan, for the journal. */
export function choiceOf(options: RestoreOptions): RestoreChoice {
  const { databases = null, tables = null, into = null, services, binlog } = options
  return { databases, tables, into, services, binlog }
}

/**
 * The journal of the restore that is to be continued.
 * @throws EcomdbError USAGE when there is none, or it was of something else
 */
export function journalToContinue(
  journal: RestoreJournal | null,
  { envelope }: OpenedSnapshot,
  options: RestoreOptions,
): RestoreJournal & { restoreId: string } {
  const refused = (what: string, why: string, hint: string): EcomdbError =>
    new EcomdbError('USAGE', { what, why, hints: [hint, 'nothing was changed'] })
  if (!journal) {
    const why = 'no restore into this server was interrupted, as far as this host knows'
    throw refused('there is nothing to continue', why, 'run the command without --resume')
  }
  const { restoreId, choice, snapshotId } = journal
  if (journal.replaying) {
    const why = 'it had begun to replay binary logs, and how far it came is not known'
    throw refused('this restore cannot be continued', why, 'use --start-over')
  }
  if (snapshotId !== envelope.snapshotId) {
    const why = `the interrupted one was of ${snapshotId}`
    const hint = `ecomdb restore ${snapshotId} --resume continues it`
    throw refused('this is another snapshot', why, hint)
  }
  if (restoreId === undefined || JSON.stringify(choice) !== JSON.stringify(choiceOf(options))) {
    const why = `it was begun with ${choice ? JSON.stringify(choice) : 'an older ecomdb'}`
    throw refused('this is not how the restore was begun', why, 'use the same flags')
  }
  return { ...journal, restoreId }
}

export function checkAsked(
  { databases }: RestoreOptions,
  { manifest, envelope }: OpenedSnapshot,
  { engine }: RestorePlace,
): void {
  if (manifest.engine !== engine.family) {
    throw new EcomdbError('UNSUPPORTED', {
      what: `cannot restore snapshot ${envelope.snapshotId} into this server`,
      why: `it was taken from ${manifest.engine} ${manifest.serverVersion}, and the server is ${engine.family}`,
      hints: ['`ecomdb sandbox start --engine` starts a private server of the other kind'],
    })
  }
  const missing = databases?.find(name => !manifest.databases.some(one => one.name === name))
  if (missing !== undefined) {
    throw new EcomdbError('USAGE', {
      what: `snapshot ${envelope.snapshotId} has no database ${missing}`,
      why: `it has ${manifest.databases.map(({ name }) => name).join(', ')}`,
    })
  }
}

export function refuseFull(
  target: RestoreTarget,
  databases: readonly string[] | undefined,
  interrupted: RestoreJournal | null,
): void {
  const full = target.databases.filter(
    ({ name, objects }) =>
      objects > 0 && (databases?.includes(name) ?? true) && !interrupted?.databases.includes(name),
  )
  if (full.length === 0) return
  throw new EcomdbError('TARGET_NOT_EMPTY', {
    what: 'cannot restore: the server has these databases already',
    why: full.map(({ name, objects }) => `${name} holds ${objects} objects`).join(', '),
    hints: [
      'restore into another server: `ecomdb sandbox start --name rescue` gives an empty one, and its socket for --socket',
      'or beside them, with --into and another name, or other databases only, with --databases',
      'nothing was changed',
    ],
  })
}

/**
 * A journal here, and no mark on the server: either nothing was made yet, or the server is another one in the
 * old one's place, or another restore has ended there since, and what it holds is somebody's. To continue would remove
 * that without a word.
 *
 * @param canStartOver an earlier try of this one has marks
 */
export function refuseUnmarked(
  there: RestoreTarget['databases'],
  journal: RestoreJournal,
  canStartOver: boolean,
): void {
  const full = there.filter(({ name, objects }) => objects > 0 && journal.databases.includes(name))
  if (full.length === 0) return
  const replayed = journal.replaying ? ', or the replayed log dropped the mark' : ''
  throw new EcomdbError('TARGET_NOT_EMPTY', {
    what: 'cannot continue: the server has no mark of the restore that was interrupted',
    why: `it is another server in the same place, or another restore has made them since, or the mark was removed${replayed}; ${full.map(({ name, objects }) => `${name} holds ${objects} objects`).join(', ')}`,
    hints: [
      canStartOver
        ? 'look at what they hold; with --start-over they are dropped, and the restore begins again'
        : `look at what they hold; where nobody needs them, drop them by hand, and where they are in use, leave them; then remove the journal on this host (${JOURNAL_PLACE}), and restore what is wanted`,
      'nothing was changed',
    ],
  })
}

const JOURNAL_PLACE = 'restore/ in ECOMDB_STATE, else in ~/.local/state/ecomdb'

/** What it had made is gone, and what has these names is another's: to go on, or to begin again, would change or drop it. */
export function refuseRemade({ startedAt }: RestoreJournal, remade: readonly string[]): void {
  if (remade.length === 0) return
  throw new EcomdbError('TARGET_NOT_EMPTY', {
    what: `cannot go on with the restore of ${startedAt}: another one has made ${remade.join(', ')} since`,
    why: 'what it had made there is gone; --resume would load into what is there now, and --start-over drop it',
    hints: [
      `remove by hand what it has left of others, then DROP DATABASE IF EXISTS ${RESTORE_JOURNAL}, and its journal on this host (${JOURNAL_PLACE})`,
      'nothing was changed',
    ],
  })
}

export function refuseWithoutPartialRevokes(
  { settings }: RestoreTarget,
  accounts: readonly AccountEntry[],
): void {
  if (settings['partial_revokes'] !== 'OFF' || !needsPartialRevokes(accounts)) return
  throw new EcomdbError('UNSUPPORTED', {
    what: 'cannot restore the accounts into this server',
    why: 'some had a privilege without a part of it (REVOKE), and partial_revokes is OFF here',
    hints: ['SET PERSIST partial_revokes = ON on it, as on the source', 'nothing was changed'],
  })
}

/** Told before anything is removed or made. */
export function refuseWhereHashesAre(
  { refusesHashes }: RestoreTarget,
  accounts: readonly AccountEntry[],
  makes: RestorePlan['makes'],
): void {
  const made = new Set(makes.accounts.map(({ user, host }) => JSON.stringify([user, host])))
  const hashed = accounts.filter(
    ({ user, host, create }) =>
      made.has(JSON.stringify([user, host])) && create.some(sql => HASHED.test(sql)),
  )
  if (!refusesHashes || hashed.length === 0) return
  throw new EcomdbError('UNSUPPORTED', {
    what: 'cannot restore the accounts into this server',
    why: `${hashed.length} have a password, of which a backup has the hash, and strict_password_validation is ON here`,
    hints: [
      'turn strict_password_validation off on it (SET GLOBAL), and on again after the restore',
      'nothing was changed',
    ],
  })
}

const HASHED = /\bIDENTIFIED (?:BY PASSWORD|VIA .* USING) /

/** As SHOW CREATE FUNCTION of both engines prints what a server with a binary log wants to read. */
const TRUSTED = /^ {4}(?:DETERMINISTIC|NO SQL|READS SQL DATA)$/m

/** Told before anything is made: error 1418 would come when all rows are loaded. */
export function refuseDistrusted(
  target: RestoreTarget,
  { programs }: Manifest,
  isWanted: (schema: string) => boolean,
): void {
  if (!target.distrustsFunctions) return
  const functions = programs.filter(
    ({ kind, schema, create }) => kind === 'function' && isWanted(schema) && !TRUSTED.test(create),
  )
  if (functions.length === 0) return
  const names = functions.slice(0, 5).map(({ schema, name }) => `${schema}.${name}`)
  throw new EcomdbError('UNSUPPORTED', {
    what: 'cannot restore into this server: it refuses functions that the source took',
    why: `${functions.length} say neither DETERMINISTIC nor NO SQL nor READS SQL DATA, and log_bin_trust_function_creators is OFF here: ${names.join(', ')}`,
    hints: [
      'turn log_bin_trust_function_creators on there (SET GLOBAL), and off again after the restore',
      'nothing was changed',
    ],
  })
}

/** Told before anything is made, and before a journal says that something may have been. */
export function refuseReadOnly({ writableBy }: RestoreTarget): void {
  if (writableBy !== 'nobody') return
  throw new EcomdbError('UNSUPPORTED', {
    what: 'cannot restore into this server: it is read-only for administrators, too',
    why: 'super_read_only is ON here, or read_only is NO_LOCK_NO_ADMIN, as on a replica; or it was started with innodb_read_only or innodb_force_recovery',
    hints: [
      'restore on its source, or into another server; or turn that off on it (SET GLOBAL, or a start without it), where it is no replica',
      'nothing was changed',
    ],
  })
}

/** An administrator writes on a replica all the same, and nothing there holds the two apart. */
export function replicaNotes({ replicaOf, writableBy }: RestoreTarget): string[] {
  if (replicaOf.length === 0) return []
  const readOnly =
    writableBy === 'administrators'
      ? ', and read_only, which does not hold an administrator back'
      : ''
  return [
    `this server is a replica of ${replicaOf.join(', ')}${readOnly}: what is restored here is not on its source, and what comes from there may be refused for it; restore on the source, or stop the replica first`,
  ]
}

/** Told before anything is made: MySQL has the table's name in no message, and MariaDB no reason. */
export function refuseWithoutKey(
  target: RestoreTarget,
  manifest: Manifest,
  isWanted: (schema: string) => boolean,
): void {
  if (target.hasTableKey !== false) return
  const encrypted = encryptedTables(manifest, isWanted)
  if (encrypted.length === 0) return
  throw new EcomdbError('UNSUPPORTED', {
    what: 'cannot restore into this server: it has no key to encrypt tables with',
    why: `the source encrypted the files of ${namedTables(encrypted)}`,
    hints: [
      manifest.engine === 'mysql'
        ? 'load a keyring component there (component_keyring_file or a better one); it may be a new one with a key of its own'
        : 'load a key management plugin there (file_key_management or a better one); it may have keys of its own, with the same ids',
      'nothing was changed',
    ],
  })
}

/** Told before anything is made: what comes back under another name would be found out at the end. */
export function refuseLoweredNames(
  target: RestoreTarget,
  { settings, databases, tables, programs }: Manifest,
  isWanted: (schema: string) => boolean,
): void {
  const [was, is] = [settings, target.settings].map(all => all['lower_case_table_names'])
  if (was !== '0' || is !== '1') return
  const views = programs.filter(({ kind }) => kind === 'view')
  const names = [
    ...databases.map(({ name }) => ({ schema: name, label: name })),
    ...[...tables, ...views].map(({ schema, name }) => ({ schema, label: `${schema}.${name}` })),
  ]
  const lowered = names.filter(
    ({ schema, label }) => isWanted(schema) && label !== label.toLowerCase(),
  )
  if (lowered.length === 0) return
  throw new EcomdbError('UNSUPPORTED', {
    what: 'cannot restore into this server: it has all names of databases, tables and views in lower case',
    why: `lower_case_table_names is 0 on the source and 1 here, and ${lowered.length} names have capital letters: ${lowered
      .slice(0, 5)
      .map(({ label }) => label)
      .join(', ')}`,
    hints: ['restore into a server with lower_case_table_names = 0', 'nothing was changed'],
  })
}

/**
 * Statements of a log name databases and tables as somebody typed them: on a server that folds names
 * otherwise they find none, or another one, and `DROP TABLE IF EXISTS` drops nothing, without an error.
 */
export function refuseOtherFolding(target: RestoreTarget, { settings }: Manifest): void {
  const [was, is] = [settings, target.settings].map(all => all['lower_case_table_names'])
  if (was === undefined || is === undefined || (was === '0') === (is === '0')) return
  throw new EcomdbError('UNSUPPORTED', {
    what: 'cannot restore to a moment in this server: names of databases and tables mean others here',
    why: `lower_case_table_names was ${was} on the source and is ${is} here, and the log names them as they were typed`,
    hints: [
      `restore into a server with lower_case_table_names = ${was}; MySQL takes it when the data directory is made`,
      'or from a physical snapshot into data files, which have that setting: --data-dir',
      'nothing was changed',
    ],
  })
}

/** A restore was cut short here, and this one does not say what to do about it. */
export function interruptedBefore(journal: RestoreJournal): EcomdbError {
  return new EcomdbError('TARGET_NOT_EMPTY', {
    what: 'a restore into this server was interrupted',
    why: `snapshot ${journal.snapshotId}, begun ${journal.startedAt}: ${madeText(journal)} may be incomplete`,
    hints: [
      'add --resume to continue it: what it has loaded stays',
      'or --start-over to remove what it made and begin again; --dry-run shows what that is',
      'nothing was changed now',
    ],
  })
}

export function madeText({ databases, accounts }: RestorePlan['makes']): string {
  return `${databases.join(', ')}, and ${accounts.length} accounts`
}

export function confirm({ confirm: given, inside }: RestoreOptions, plan: RestorePlan): void {
  const [name] = plan.makes.databases
  // Nobody has to confirm what becomes of a server that is thrown away.
  if (inside || name === undefined || (given !== undefined && plan.makes.databases.includes(given)))
    return
  throw new EcomdbError('CONFIRMATION_REQUIRED', {
    what: given === undefined ? 'a restore must be confirmed' : `${given} is not restored here`,
    why: `it makes ${madeText(plan.makes)}`,
    hints: [
      `add --confirm ${shellWord(name)}, or look first with --dry-run`,
      'nothing was changed',
    ],
  })
}

/**
 * Starting over drops what the interrupted restore made. A database that this one does not make
 * anew would be gone for good, with all that came into it since, and --confirm does not name it.
 */
export function refuseOthers(made: RestoreTarget['databases'], makes: RestorePlan['makes']): void {
  const held = made.filter(({ objects }) => objects > 0).map(({ name }) => name)
  const others = held.filter(name => !makes.databases.includes(name))
  if (others.length === 0) return
  throw new EcomdbError('TARGET_NOT_EMPTY', {
    what: `--start-over would drop ${others.join(', ')}, which this restore does not make`,
    why: 'it is of the restore that was interrupted here',
    hints: [
      'start over with the databases and the --into of that one; or look at what it holds, and drop it by hand',
      'nothing was changed',
    ],
  })
}

export function refuseDifferences(checks: readonly Check[]): void {
  const failed = checks.filter(({ outcome }) => outcome === 'failed')
  if (failed.length === 0) return
  throw new EcomdbError('CONTENT_MISMATCH', {
    what: 'what was restored is not what was backed up',
    why: failed.flatMap(({ differences }) => differences).join('; '),
    hints: [...new Set(failed.flatMap(({ hints }) => hints ?? [BAD_SNAPSHOT]))],
  })
}

const BAD_SNAPSHOT = 'run `ecomdb backup verify` on the snapshot, and restore another one'
