import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { systemCode } from '#core/errors'
import {
  isSessionAccount,
  roleOfSession,
  SESSION_CONNECTIONS,
} from '#domain/backup/without-sessions'
import type { AccountName } from '#domain/schema/service-accounts'
import { quoteAccount, quoteString } from '../../quote.ts'
import type { Session, SqlRow } from '../../session.ts'
import type { SessionAccounts } from '../../session-accounts.ts'
import { ISSUER } from './issuer-procedures.ts'

const CHUNK = 1024 * 1024
/** Longer than a name is, in bytes. */
const OVERLAP = 128
const IN_BYTES = /s_[\x21-\xff]{1,64}_[0-9a-f]{12}/

/**
 * InnoDB's redo log: blocks of 512 bytes, of which the first 12 and the last 4 are its own. What a clone has
 * of the last changes is in there and in no page yet, until a server starts on it.
 * Source: MySQL's storage/innobase/include/log0constants.h (LOG_BLOCK_HDR_SIZE, LOG_BLOCK_TRL_SIZE).
 */
const REDO = {
  files: /^(?:#innodb_redo\/#ib_redo\d+|ib_logfile\d+)$/,
  block: 512,
  from: 12,
  to: 508,
}

/**
 * @param file that holds the accounts, in a data directory
 * @param isInnodb its last changes may be in the redo log only
 */
export function sessionAccounts(file: string, isInnodb: boolean): SessionAccounts {
  return {
    there: async session => sessionsOf(await session.rows<AccountRow>(ALL)),
    drop: dropAll,
    dropFile: () => `${DROP_ALL.join(';\n')};\n`,
    async mayBeIn(folder) {
      if (await hasName(join(folder, file), bytes => bytes)) return true
      for (const redo of isInnodb ? await redoFiles(folder) : []) {
        if (await hasName(join(folder, redo), redoOf)) return true
      }
      return false
    },
  }
}

/** Accounts of both engines, and MariaDB's roles, which have no host. */
const ALL = 'SELECT User AS user, Host AS host, max_user_connections AS connections FROM mysql.user'

type AccountRow = SqlRow & AccountName

function sessionsOf(all: readonly AccountRow[]): AccountRow[] {
  if (!all.some(({ user }) => user === ISSUER.user)) return []
  return all.filter(
    ({ user, host, connections }) => host !== '' && isSessionAccount(user, Number(connections)),
  )
}

async function dropAll(session: Session, binlog: boolean): Promise<string[]> {
  const all = await session.rows<AccountRow>(ALL)
  const accounts = sessionsOf(all)
  if (accounts.length === 0) return []
  const theirs = accounts.map(({ user }) => roleOfSession(user))
  const roles = all.filter(({ user, host }) => host === '' && theirs.includes(user))
  if (!binlog) await session.run('SET SESSION sql_log_bin = 0')
  const names = accounts.map(({ user, host }) => quoteAccount(user, host))
  for (const name of names) await session.run(`DROP USER IF EXISTS ${name}`)
  for (const { user } of roles) await session.run(`DROP ROLE IF EXISTS ${quoteString(user)}`)
  return names
}

const IS_SESSION = `Host <> '' AND User REGEXP '^s_.{1,16}_[0-9a-f]{12}$' AND max_user_connections BETWEEN 1 AND ${SESSION_CONNECTIONS}`

/** One statement a line. Neither engine has blocks in such a file that both understand. */
const DROP_ALL: readonly string[] = [
  'SET SESSION sql_log_bin = 0',
  'SET SESSION group_concat_max_len = 1048576',
  // MariaDB's, while their accounts are there.
  ...dropEach(
    'ROLE',
    'QUOTE(User)',
    `Host = '' AND User IN (SELECT CONCAT('r', User) FROM mysql.user WHERE ${IS_SESSION})`,
  ),
  ...dropEach('USER', "CONCAT(QUOTE(User), '@', QUOTE(Host))", IS_SESSION),
]

function dropEach(kind: string, name: string, which: string): string[] {
  const issuer = `EXISTS (SELECT 1 FROM mysql.user WHERE User = ${quoteString(ISSUER.user)})`
  return [
    `SELECT GROUP_CONCAT(${name}) INTO @ecomdb_sessions FROM mysql.user WHERE ${which} AND ${issuer}`,
    `SET @ecomdb_sessions = COALESCE(CONCAT('DROP ${kind} ', @ecomdb_sessions), 'DO 0')`,
    'PREPARE ecomdb_sessions FROM @ecomdb_sessions',
    'EXECUTE ecomdb_sessions',
    'DEALLOCATE PREPARE ecomdb_sessions',
  ]
}

async function redoFiles(folder: string): Promise<string[]> {
  const names = await Promise.all(
    ['', '#innodb_redo'].map(async below => {
      const found = await readdir(join(folder, below)).catch((error: unknown) => {
        if (systemCode(error) === 'ENOENT') return []
        throw error
      })
      return found.map(name => join(below, name))
    }),
  )
  return names.flat().filter(name => REDO.files.test(name))
}

/** What records are made of, without the blocks' own bytes. */
function redoOf(bytes: Buffer): Buffer {
  const blocks: Buffer[] = []
  for (let at = 0; at < bytes.length; at += REDO.block) {
    blocks.push(bytes.subarray(at + REDO.from, at + REDO.to))
  }
  return Buffer.concat(blocks)
}

/** @param contentOf what is looked at of a chunk, which holds whole blocks */
async function hasName(path: string, contentOf: (chunk: Buffer) => Buffer): Promise<boolean> {
  const handle = await open(path).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return null
    throw error
  })
  if (!handle) return false
  try {
    const buffer = Buffer.alloc(CHUNK)
    let before = ''
    while (true) {
      const { bytesRead } = await handle.read(buffer, 0, CHUNK)
      if (bytesRead === 0) return false
      const text = `${before}${contentOf(buffer.subarray(0, bytesRead)).toString('latin1')}`
      if (IN_BYTES.test(text)) return true
      before = text.slice(-OVERLAP)
    }
  } finally {
    await handle.close()
  }
}
