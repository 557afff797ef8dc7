import { type FileHandle, open } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { readDataFolder } from '#core/data-files'
import { systemCode } from '#core/errors'
import type { Session } from '../session.ts'
import { column, switchedOn } from '../shared/physical/observe-source.ts'

/**
 * Tablespaces, Aria tables and settings with which the server encrypts its own files. The settings tell what comes, and
 * not what is there: an Aria table stays encrypted when aria_encrypt_tables is off again (10.11, measured).
 */
export async function encryptedNow(session: Session): Promise<string[]> {
  const tablespaces = await column(
    session,
    'SELECT NAME FROM information_schema.INNODB_TABLESPACES_ENCRYPTION WHERE ENCRYPTION_SCHEME <> 0 ORDER BY NAME',
  )
  const settings = await switchedOn(session, ['innodb_encrypt_log', 'aria_encrypt_tables'])
  // Nothing is encrypted without one, and each table's file would be opened for nothing.
  const hasKeys = await session.value(
    "SELECT 1 FROM information_schema.PLUGINS WHERE PLUGIN_TYPE = 'ENCRYPTION' AND PLUGIN_STATUS = 'ACTIVE' LIMIT 1",
  )
  return [
    ...(tablespaces ?? []),
    ...settings,
    ...(hasKeys === null ? [] : await encryptedAria(await session.value('SELECT @@datadir'))),
  ]
}

/** As InnoDB would call them. */
async function encryptedAria(folder: string | null): Promise<string[]> {
  if (folder === null) return []
  const indexes = (await readDataFolder(folder)).filter(one => one.name.endsWith('.MAI'))
  const names: string[] = []
  for (const { parentPath, name } of indexes) {
    const path = join(parentPath, name)
    if (await isEncrypted(path)) names.push(relative(folder, path).replace(/\.MAI$/, ''))
  }
  return names.sort()
}

/** In the head of an index file, big-endian: where what never changes of a table begins, and its options there. */
const BASE_AT = 12
const OPTIONS_AT = 90
/** Of the options. */
const ENCRYPTED = 1

/** @returns false for a file that is gone, or has no head yet */
async function isEncrypted(path: string): Promise<boolean> {
  let file: FileHandle
  try {
    file = await open(path)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false
    throw error
  }
  try {
    const head = Buffer.alloc(4096)
    await file.read(head, 0, head.length, 0)
    const at = head.readUInt16BE(BASE_AT) + OPTIONS_AT
    return at + 2 <= head.length && (head.readUInt16BE(at) & ENCRYPTED) !== 0
  } finally {
    await file.close()
  }
}
