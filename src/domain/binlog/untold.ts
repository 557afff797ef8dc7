import { inflateSync } from 'node:zlib'
import { bodyOf, EVENT, type FileFormat, readHeader, readQuery } from './event.ts'
import { findStatus, INVOKER, statusOf } from './query-status.ts'

/** What events have, and the engines' tools do not print of them. Texts are bytes, as latin1. */
export type Untold =
  | { kind: 'invoker'; statement: string; user: string; host: string }
  /** About roles, or perhaps, without who gave it. */
  | { kind: 'role'; statement: string }
  | { kind: 'real'; variable: string; value: number }
  | { kind: 'empty'; statement: string }

/**
 * Who gave a statement about accounts or events, where its event says so (`CURRENT_USER` is whoever runs it), and
 * user variables that are floating-point numbers, which the tools print with 14 digits. In the order of the log.
 *
 * Sources: MySQL's libs/mysql/binlog/event/statement_events.h, MariaDB's sql/log_event.h: User_var_log_event.
 *
 * @param events whole events
 * @param format of their file
 * @param empty of all events before these, where there are some
 */
export function untoldIn(events: Buffer, format: FileFormat, empty = new EmptyXa()): Untold[] {
  const found: Untold[] = []
  for (let at = 0; at < events.length; ) {
    const { size, type } = readHeader(events, at)
    const body = bodyOf(events.subarray(at, at + size), format)
    if (type === EVENT.query || type === EVENT.compressedQuery) found.push(...invokerOf(body, type))
    if (type === EVENT.userVariable) found.push(...realOf(body))
    found.push(...empty.look(body, type))
    at += size
  }
  return found
}

/**
 * MariaDB: an XA transaction in the log in which nothing is done, as of one that had changed tables without
 * transactions only, whose changes stand before it. Its server refuses to decide on it (1402), when it is replayed.
 * So it does on one whose statements found no row to change, which only the server knows.
 */
export class EmptyXa {
  /** How many decisions were on transactions of statements without rows. */
  ofStatements = 0
  /** Events of the transaction so far but its XA END. */
  #done = 0
  #hasRows = false
  readonly #prepared = new Set<string>()
  readonly #preparedStatements = new Set<string>()

  look(body: Buffer, type: number): Untold[] {
    const statement = type === EVENT.query ? readQuery(body) : ''
    if (type === EVENT.mariadbGtid) {
      this.#done = 0
      this.#hasRows = false
    } else if (type === EVENT.tableMap) this.#hasRows = true
    if (type === EVENT.xaPrepare) return this.#prepare(xidIn(body))
    if (type !== EVENT.mariadbGtid && !statement.startsWith('XA END ')) this.#done += 1
    const decided = /^XA (?:COMMIT|ROLLBACK) (.*)$/.exec(statement)?.[1]
    if (decided === undefined) return []
    if (this.#preparedStatements.delete(decided)) this.ofStatements += 1
    return this.#prepared.delete(decided) ? [{ kind: 'empty', statement }] : []
  }

  /** @returns of one in which nothing is done the three statements that the tool prints */
  #prepare(xid: string): Untold[] {
    if (this.#done > 0) {
      if (!this.#hasRows) this.#preparedStatements.add(xid)
      return []
    }
    this.#prepared.add(xid)
    const words = ['XA START', 'XA END', 'XA PREPARE']
    return words.map(word => ({ kind: 'empty', statement: `${word} ${xid}` }))
  }
}

/** As a statement names it: behind whether it is of one phase, the format, and two lengths, its bytes. */
function xidIn(body: Buffer): string {
  const [format, global, branch] = [1, 5, 9].map(at => body.readUInt32LE(at))
  const hex = (from: number, bytes = 0): string =>
    body.toString('hex', 13 + from, 13 + from + bytes)
  return `X'${hex(0, global)}',X'${hex(global ?? 0, branch)}',${format}`
}

function invokerOf(body: Buffer, type: number): Untold[] {
  const status = statusOf(body, type)
  const at = findStatus(status, INVOKER)
  if (at === null) return rolesOf(body, type)
  const name = (from: number): string =>
    status.toString('latin1', from + 1, from + 1 + status.readUInt8(from))
  const user = name(at)
  const host = name(at + 1 + user.length)
  const text = Buffer.from(readQuery(body), 'latin1')
  const statement = (type === EVENT.query ? text : inflated(text)).toString('latin1')
  return [{ kind: 'invoker', statement, user, host }]
}

const ABOUT_ROLES = /^\s*(?:GRANT|REVOKE|CREATE\s+(?:OR\s+REPLACE\s+)?ROLE|DROP\s+ROLE)\b/i

function rolesOf(body: Buffer, type: number): Untold[] {
  if (type !== EVENT.query) return []
  const statement = readQuery(body)
  return ABOUT_ROLES.test(statement) ? [{ kind: 'role', statement }] : []
}

/** MariaDB's log_bin_compress: how many bytes the length has, the length, and zlib. */
function inflated(text: Buffer): Buffer {
  return inflateSync(text.subarray(1 + (text.readUInt8(0) & 0x07)))
}

const REAL = 1

function realOf(body: Buffer): Untold[] {
  const length = body.readUInt32LE(0)
  const at = 4 + length
  const [isNull, type] = [body.readUInt8(at), body[at + 1]]
  if (isNull === 1 || type !== REAL) return []
  // Behind the character set and the length of the value.
  const value = body.readDoubleLE(at + 2 + 4 + 4)
  return [{ kind: 'real', variable: body.toString('latin1', 4, at), value }]
}
