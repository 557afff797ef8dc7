import type { ProgramEntry } from '#domain/backup/manifest'
import { quoteQualified } from '../../quote.ts'

/**
 * MySQL keeps a trigger's names in UTF-8 and reads the whole text in the set of the client that made
 * it, in which the last byte of a name may make one letter with the backtick behind it. Such a trigger
 * is made and shown, and from then on its table takes neither a change nor another trigger (measured
 * on 9.7), so that it can only be the last that is made. MariaDB does not even show one.
 */
export function withUnreadableLast(programs: readonly ProgramEntry[]): readonly ProgramEntry[] {
  const last = programs.filter(isUnreadable)
  return last.length > 0 ? [...programs.filter(one => !isUnreadable(one)), ...last] : programs
}

export function unreadableTriggerNotes(programs: readonly ProgramEntry[]): string[] {
  return programs
    .filter(isUnreadable)
    .map(
      ({ schema, name }) =>
        `trigger ${quoteQualified(schema, name)} cannot be read by the server, here as on the source: its table takes no change until it is dropped`,
    )
}

export function isUnreadable(program: ProgramEntry): boolean {
  const { kind, create, characterSetClient, sqlMode } = program
  // The server puts a trigger's names into the quotes of its own mode before it reads it.
  if (sqlMode.includes('ANSI_QUOTES')) return false
  const pair = PAIRS[characterSetClient]
  const names = kind === 'trigger' ? HEAD.exec(create)?.slice(1) : undefined
  return pair !== undefined && (names?.some(name => takesBacktick(name, pair)) ?? false)
}

const NAME = '(`(?:[^`]|``)*`)'

/** As MySQL prints it. */
const HEAD = new RegExp(`^CREATE DEFINER=${NAME}@${NAME} TRIGGER ${NAME} \\w+ \\w+ ON ${NAME} `)

const BACKTICK = 0x60

type Pair = (first: number, second: number) => boolean

const within = (byte: number, from: number, to: number): boolean => byte >= from && byte <= to

const gb18030: Pair = (first, second) =>
  within(first, 0x81, 0xfe) && within(second, 0x40, 0xfe) && second !== 0x7f

const japanese: Pair = (first, second) =>
  (within(first, 0x81, 0x9f) || within(first, 0xe0, 0xfc)) &&
  within(second, 0x40, 0xfc) &&
  second !== 0x7f

/** The sets that a client may send in which a backtick can be a letter's second byte. */
const PAIRS: Readonly<Record<string, Pair>> = {
  gbk: (first, second) => gb18030(first, second),
  gb18030,
  big5: (first, second) =>
    within(first, 0xa1, 0xf9) && (within(second, 0x40, 0x7e) || within(second, 0xa1, 0xfe)),
  sjis: japanese,
  cp932: japanese,
}

function takesBacktick(name: string, pair: Pair): boolean {
  const bytes = Buffer.from(name)
  let at = 0
  while (at < bytes.length) {
    const [first = 0, second = 0] = bytes.subarray(at)
    const isPair = pair(first, second)
    if (isPair && second === BACKTICK) return true
    at += isPair ? 2 : isFour(bytes, at, pair) ? 4 : 1
  }
  return false
}

/** Of gb18030: a digit is the second byte and the fourth. */
function isFour(bytes: Buffer, at: number, pair: Pair): boolean {
  const [first = 0, second = 0, third = 0, fourth = 0] = bytes.subarray(at)
  const isDigit = (byte: number): boolean => within(byte, 0x30, 0x39)
  const isLead = (byte: number): boolean => within(byte, 0x81, 0xfe)
  return pair === gb18030 && isLead(first) && isDigit(second) && isLead(third) && isDigit(fourth)
}
