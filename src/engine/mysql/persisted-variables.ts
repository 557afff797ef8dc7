import { copyFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemCode } from '#core/errors'
import type { Session } from '../session.ts'
import { column } from '../shared/physical/observe-source.ts'

/** Where MySQL keeps what SET PERSIST has set. A server reads it at its start, but not one with --no-defaults, as ours are. */
const PERSISTED = 'mysqld-auto.cnf'

/**
 * Puts the server's persisted variables among the files of its clone: CLONE leaves them out without a word (9.7,
 * measured), and a server that was started on the files had the defaults.
 *
 * @param data the clone
 * @returns findings: what could not be had, by name
 */
export async function copyPersisted(session: Session, data: string): Promise<string[]> {
  const folder = (await session.value('SELECT @@datadir')) ?? ''
  try {
    if (await isFolderOf(session, folder)) {
      await copyFile(join(folder, PERSISTED), join(data, PERSISTED))
      return []
    }
  } catch (error) {
    if (!['ENOENT', 'EACCES'].includes(systemCode(error) ?? '')) throw error
  }
  const names = await column(
    session,
    'SELECT VARIABLE_NAME FROM performance_schema.persisted_variables ORDER BY 1',
  )
  if (!names?.length) return []
  return [
    `variables that were set by SET PERSIST are not in the files: ${names.join(', ')}: ${join(folder, PERSISTED)} cannot be read from here; keep a copy of it`,
  ]
}

/** In another mount namespace it may be another server's. */
async function isFolderOf(session: Session, folder: string): Promise<boolean> {
  const uuid = await session.value('SELECT @@server_uuid')
  return uuid !== null && (await readFile(join(folder, 'auto.cnf'), 'utf8')).includes(uuid)
}
