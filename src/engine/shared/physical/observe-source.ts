import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { EcomdbError, messageOf } from '#core/errors'
import type { Session } from '../../session.ts'
import { isHiddenFolder } from '../hidden-folders.ts'
import { unlessRefused } from '../logical/unless-refused.ts'
import { readSettings } from '../server-settings.ts'

/** Databases but the server's own. */
export async function userDatabases(session: Session, own: readonly string[]): Promise<string[]> {
  const rows = await session.rows('SHOW DATABASES')
  return rows
    .map(row => String(Object.values(row)[0]))
    .filter(name => !own.includes(name) && !isHiddenFolder(name))
}

/** One column of text; null where the account may not ask, or the server has no such table. */
export async function column(session: Session, sql: string): Promise<string[] | null> {
  const rows = await unlessRefused(session.rows(sql))
  return rows?.map(row => String(Object.values(row)[0])) ?? null
}

/** Nobody starts a server so whose data is whole: a copy of it is to be looked at before it is needed. */
export async function forcedRecovery(session: Session): Promise<string[]> {
  const { innodb_force_recovery: level = '0' } = await readSettings(session, [
    'innodb_force_recovery',
  ])
  if (level === '0') return []
  return [
    `innodb_force_recovery is ${level}: this server was started on data that is damaged, and so may be its copy; run \`ecomdb drill\` on it, and keep the snapshot before`,
  ]
}

/** The system's tablespace and undo logs, which no ALTER TABLE moves. */
const OF_THE_SERVER = /\/(?:ibdata\d+|undo_?\d+|[^/]+\.ibu)$/

/**
 * Tables in a place of their own would be left out, or opened in their old place beside the
 * live server: neither is a backup.
 */
export function refuseElsewhere(paths: readonly string[]): void {
  if (paths.length === 0) return
  const own = paths.filter(path => OF_THE_SERVER.test(path))
  if (own.length > 0) {
    throw new EcomdbError('UNSUPPORTED', {
      what: "a physical backup would not keep the server's own tablespaces that lie outside of the data directory",
      why: own.slice(0, 10).join(', '),
      hints: [
        'run `ecomdb backup logical`, which keeps all rows',
        'or move them into the data directory: stop the server in good order (innodb_fast_shutdown = 0), move the files, and start it without innodb_undo_directory and innodb_data_home_dir',
      ],
    })
  }
  throw new EcomdbError('UNSUPPORTED', {
    what: 'a physical backup would not keep tables that lie outside of the data directory',
    why: paths.slice(0, 10).join(', '),
    hints: [
      'run `ecomdb backup logical`, which keeps their rows',
      'or move them: ALTER TABLE … without DATA DIRECTORY',
    ],
  })
}

/**
 * A private server has no key, and so cannot read what the server encrypts by itself: such a backup would be
 * made, and never restored.
 *
 * @param what tablespaces by name, and settings that encrypt what is no table's
 */
export function refuseEncrypted(what: readonly string[]): void {
  if (what.length === 0) return
  throw new EcomdbError('UNSUPPORTED', {
    what: 'no restore could read a physical backup of files that the server has encrypted',
    why: what.slice(0, 10).join(', '),
    hints: [
      'run `ecomdb backup logical`: its rows come decrypted, and are encrypted to your own keys',
      'a physical backup is encrypted to them, too, where the server does not do it',
    ],
  })
}

/** "innodb_encrypt_log = ON", of those of these global variables that are on. */
export async function switchedOn(session: Session, names: readonly string[]): Promise<string[]> {
  const settings = await readSettings(session, names)
  return Object.entries(settings).flatMap(([name, value]) =>
    value === 'ON' ? [`${name} = ${value}`] : [],
  )
}

/**
 * An opaque name of the data directory as it is since it was made: a restored one has new
 * files, and another name.
 *
 * @param settings of the server
 * @throws EcomdbError UNSUPPORTED when it cannot be read from here
 */
export async function lineageOf(
  folder: string,
  sourceId: string,
  settings: Readonly<Record<string, string>>,
): Promise<string> {
  const [first = ''] = systemPaths(settings)
  const file = resolve(folder, first)
  const { ino, birthtimeMs } = await stat(file).catch((error: unknown) => {
    throw new EcomdbError('UNSUPPORTED', {
      what: `the server's data directory ${folder} cannot be read from here`,
      why: messageOf(error),
      hints: [
        'run the physical backup on the database host, as root or as the account that the server runs as',
        'run `ecomdb backup logical`, which needs a connection only',
      ],
      cause: error,
    })
  })
  const name = `${sourceId}\0${folder}\0${ino}\0${Math.round(birthtimeMs)}`
  return createHash('sha256').update(name).digest('hex').slice(0, 32)
}

/**
 * Server options for settings that a copy was made under. In a copy all files of the system tablespace are in the
 * data directory: a path of the source would be the live server's file.
 */
export function startOptions(
  options: Readonly<Record<string, string>>,
  settings: Readonly<Record<string, string>>,
): string[] {
  return Object.entries(options).flatMap(([name, option]) =>
    settings[name] === undefined
      ? []
      : [`${option}=${name === DATA_FILES ? inDataFolder(settings[name]) : settings[name]}`],
  )
}

const DATA_FILES = 'innodb_data_file_path'

/** `/a/ibdata1:12M;/b/ibdata2:12M:autoextend` without the folders. */
function inDataFolder(files: string): string {
  return files
    .split(';')
    .map(file => file.replace(/^[^:]*\//, ''))
    .join(';')
}

/** Names of the files of the system tablespace, as they are in a copy, the first one first. */
export function systemFiles(settings: Readonly<Record<string, string>>): string[] {
  return systemPaths(settings).map(path => basename(path))
}

/** With the folders that the server was given. */
function systemPaths({ [DATA_FILES]: files = 'ibdata1' }: Readonly<Record<string, string>>) {
  return files.split(';').map(file => file.replace(/:.*$/, '').trim())
}
