import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { EcomdbError } from '#core/errors'
import { type RunningProgram, startProgram } from '#process/running-program'
import type { ReplayOptions } from '../../binlog.ts'
import { NOT_LOCKED, otherServer, requireLockStatement } from '../bulk-load/restore-progress.ts'
import type { BinlogDialect } from './dialect.ts'
import type { EachStatement } from './each-statement.ts'
import { ExpectedErrors } from './expected-errors.ts'
import { InItsZone } from './in-its-zone.ts'
import { writeOptionFile } from './option-file.ts'
import { replaySettings, zoneExpression } from './replay-settings.ts'
import { SetBefore } from './set-before.ts'
import { SetForLoad } from './set-for-load.ts'
import { SpellOut, spellings } from './spell-out.ts'
import {
  ASKS,
  asksLonger,
  asksSearch,
  asksSystemZone,
  putsElsewhere,
  type Watch,
  watchStatements,
} from './watch-statements.ts'

/** See LogReplay.run. */
export async function runReplay(dialect: BinlogDialect, options: ReplayOptions): Promise<void> {
  const folder = await mkdtemp(join(options.folder, 'replay-'))
  try {
    const optionFile = await writeOptionFile(folder, dialect.family, options.connect)
    const errors = new ExpectedErrors(options.errors, possibleErrors(dialect, options))
    const client = startProgram(
      dialect.client(),
      [
        optionFile,
        ...dialect.clientOptions,
        ...CLIENT_OPTIONS,
        // It goes on behind an error, and is ended here at the first that is none of the source's.
        ...(errors.isAny ? ['--force'] : []),
      ],
      text => void (errors.read(text) || client.kill()),
    )
    const tool = startProgram(dialect.tool(), toolArguments(dialect, options, folder))
    try {
      watchStatements(tool.stdout, watchesOf(dialect, options))
      const { lockedBy } = options
      // In the first line: nothing else may come before it, and only its error is known by its place.
      client.stdin.write(lockedBy === undefined ? '\n' : `${requireLockStatement(lockedBy)};\n`)
      client.stdin.write(`${replaySettings(options.source, options.zone.keys)};\n`)
      // A private server has no log, and nobody holds a lock there.
      const isLogged = options.binlog && lockedBy !== undefined
      if (isLogged) client.stdin.write(`${LOGS_ROWS};\n`)
      const stages = stagesOf(dialect, options)
      await pass({ tool, stages, client, isLogged }, errors, options.onBytes)
      if (errors.missed.length > 0) options.onMissedErrors?.(errors.missed)
    } finally {
      tool.kill()
      client.kill()
      // What nobody reads any more would keep its pipe open, and us waiting for it.
      tool.stdout.unpipe().resume()
      await Promise.allSettled([tool.ended, client.ended])
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function watchesOf(dialect: BinlogDialect, options: ReplayOptions): Watch[] {
  const { onElsewhere, onSystemZone, onUnlogged, searches, longer } = options
  const asked = { ...ASKS, search: asksSearch(searches), longer: asksLonger(longer) }
  const watches = (Object.keys(asked) as (keyof typeof asked)[]).map(
    (what): Watch => ({ isWanted: asked[what], found: () => onUnlogged(what) }),
  )
  if (dialect.elsewhere && onElsewhere) {
    watches.push({ isWanted: putsElsewhere(dialect.elsewhere), found: onElsewhere })
  }
  if (onSystemZone) watches.push({ isWanted: asksSystemZone(), found: onSystemZone })
  return watches
}

/**
 * MariaDB's ER_XA_RBROLLBACK: to decide on a transaction that has changed nothing, which a server without a log of it
 * has rolled back. Its statements have found as little on the source.
 */
const ROLLED_BACK = 1402

function possibleErrors(
  { family }: BinlogDialect,
  { xaOfStatements }: ReplayOptions,
): Map<number, number> {
  const isPossible = family === 'mariadb' && xaOfStatements > 0
  return new Map(isPossible ? [[ROLLED_BACK, xaOfStatements]] : [])
}

/** What this session has of the source, and no log tells, a replica of this server has not: it gets no statements. */
const LOGS_ROWS = "SET SESSION binlog_format = 'ROW'"

const CLIENT_OPTIONS = [
  '--batch',
  '--skip-column-names',
  // Statements may hold any bytes.
  '--binary-mode',
  '--max-allowed-packet=1G',
  // After a new connection the rest would run without the session's settings.
  '--skip-reconnect',
]

function toolArguments(
  dialect: BinlogDialect,
  { files, start, stop, binlog, keepGtids = false }: ReplayOptions,
  folder: string,
): string[] {
  return [
    '--no-defaults',
    ...dialect.toolReplayOptions,
    ...(keepGtids ? [] : dialect.forgetGtids),
    ...(binlog ? [] : ['--disable-log-bin']),
    `--local-load=${folder}`,
    `--start-position=${start}`,
    `--stop-position=${stop}`,
    ...files,
  ]
}

/** Where the log has more than the tool prints, has it elsewhere, or no server takes what is printed. */
function stagesOf({ family }: BinlogDialect, options: ReplayOptions): EachStatement[] {
  const { loadData, timestampDefaults, untold, zone } = options
  const stages: EachStatement[] = []
  if (family === 'mysql' && loadData.given.some(given => given.length > 0)) {
    stages.push(new SetForLoad(loadData.given, loadData.longest))
  }
  const spelled = spellings(untold, family)
  if (spelled.length > 0) stages.push(new SpellOut(spelled))
  if (timestampDefaults.size > 0) stages.push(new SetBefore(timestampDefaults))
  if (zone.isForRows || zone.system !== 'SYSTEM') {
    stages.push(new InItsZone({ ...zone, keys: zoneExpression(zone.keys) }))
  }
  return stages
}

interface Pipeline {
  tool: RunningProgram
  /** What is executed instead of what the tool prints. */
  stages: readonly EachStatement[]
  client: RunningProgram
  /** In the log of a server that others may replicate from. */
  isLogged: boolean
}

/**
 * The tool's SQL into the client; then a question, which the client answers when it has
 * executed all that came before. Only then, and with both statuses 0, is it done.
 */
async function pass(
  { tool, stages, client, isLogged }: Pipeline,
  errors: ExpectedErrors,
  onBytes: ReplayOptions['onBytes'],
): Promise<void> {
  const answer = `ecomdb-replayed-${randomBytes(8).toString('hex')}`
  let answered = ''
  client.stdout.on('data', chunk => {
    answered = `${answered}${chunk}`.slice(-1000)
  })
  tool.stdin.end()
  tool.stdout.on('data', chunk => onBytes?.(chunk.length))
  const sql = stages.reduce<Readable>((output, stage) => output.pipe(stage), tool.stdout)
  sql.pipe(client.stdin, { end: false })
  // Whichever ends first: a client that refuses a statement leaves the tool writing to no one.
  const clientEnded = client.ended.catch(error => {
    throw clientError(error, errors.unexpected ?? client.stderr, isLogged)
  })
  clientEnded.catch(() => {})
  await Promise.race([tool.ended, clientEnded])
  await tool.ended
  if (stages.length > 0) await Promise.race([finished(sql), clientEnded])
  for (const stage of stages) stage.requireAll(tool.name)
  client.stdin.end(`\nSELECT '${answer}';\n`)
  await clientEnded
  if (errors.unexpected === null && answered.includes(answer)) return
  const failed = new EcomdbError('TOOL_FAILED', {
    what: `${client.name} ended without having executed the whole replay`,
    why: errors.unexpected ?? (client.stderr.trim() || 'it gave no reason'),
  })
  // A client that goes on behind errors may have come to its end before it could be ended.
  throw errors.unexpected === null ? failed : clientError(failed, errors.unexpected, isLogged)
}

/** MariaDB's ER_SEQUENCE_INVALID_DATA. Its log has no statement with which the source had not taken the numbers. */
const SEQUENCE_REFUSED = '4085'
const WITHOUT_LOGGING =
  "MariaDB takes the numbers of a sequence that a session with binlog_row_image = MINIMAL has logged only where it does not log them itself: restore without --binlog, with --start-over, and make this server's replicas anew"

/** Errors of values, of which 1292 was seen on MariaDB: WEEK(c) of a float, in strict mode. */
const OF_VALUES = ['1264', '1265', '1292', '1365', '1366', '1406', '1411', '1690']
const LOGGED_ROWS =
  "for --binlog the server computes the virtual columns of rows that it logs, which the source need not have done: if one of them is refused, restore without --binlog, with --start-over, and make this server's replicas anew"

/** The client prints "ERROR 1146 (42S02) at line 12: …". */
function clientError(error: unknown, stderr: string, isLogged: boolean): unknown {
  if (!(error instanceof EcomdbError) || error.code !== 'TOOL_FAILED') return error
  const [line = '', number = ''] = /ERROR (\d+).*/.exec(stderr) ?? []
  if (Number(number) === NOT_LOCKED && /at line 1:/.test(line)) return otherServer()
  const lost = ['2002', '2003', '2006', '2013', '2026', '1053', '1927'].includes(number)
  return new EcomdbError(lost ? 'SERVER_LOST' : 'SERVER_REFUSED', {
    what: 'the server refused a statement of the replay',
    why: line || error.why || '',
    hints: lost
      ? ["look at the server's error log"]
      : [
          ...(number === SEQUENCE_REFUSED ? [WITHOUT_LOGGING] : []),
          ...(isLogged && OF_VALUES.includes(number) ? [LOGGED_ROWS] : []),
          'restore to a moment before that statement, or from a later snapshot',
        ],
    cause: error,
  })
}
