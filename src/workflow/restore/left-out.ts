import { EcomdbError } from '#core/errors'
import type { RestoreStatement } from '#domain/backup/restore-plan'
import type { Engine } from '#engine/engine'
import type { LogicalWriterSession, StandIn, WriterOptions } from '#engine/logical-writer'
import { isNotThere } from '#engine/server-error'
import type { Session } from '#engine/session'

/** What a server refused that may be refused: programs that were invalid on the source, statistics. */
export interface LeftOut {
  statement: RestoreStatement
  /** The server's reason. */
  why: string
  /** It is there behind the replay, and was not before. */
  isMade?: true
  /** A view that the log has given another name, which is in no statement. */
  isRenamed?: true
}

/** A trigger changes what the server does, and nobody who writes is told. */
export function leftOutTexts(
  left: readonly LeftOut[],
  warned: readonly string[],
): { warnings: string[]; leftOut: string[] } {
  const isFinding = ({ statement, isRenamed }: LeftOut): boolean =>
    statement.stage === 'triggers' || isRenamed === true
  return {
    warnings: [
      ...warned,
      ...left
        .filter(one => !isFinding(one) && !one.isMade)
        .map(({ statement, why }) => `left out: ${statement.shown.slice(0, 200)}: ${why}`),
    ],
    leftOut: left.filter(isFinding).map(findingOf),
  }
}

function findingOf({ statement: { object }, why, isMade, isRenamed }: LeftOut): string {
  if (isRenamed) return `${object} is not here: ${why}; make it by hand`
  return isMade
    ? `${object} could be made behind the replay only (before: ${why}): statements that the log has as such (binlog_format other than ROW) ran without it, and it fires behind the others of its table: compare what it writes`
    : `${object} was left out, and what it did is not done here: ${why}; make it when what it refers to is there: --dry-run shows its statement`
}

const RENAMED = 'it was invalid in the snapshot, and the log has given it this name'

interface Place {
  engine: Engine
  session: Session
  /** Of the restore. */
  wanted: WriterOptions
}

/**
 * Replays a log where programs were left out. It may drop or replace one of them, which the source had: so each has a
 * stand-in meanwhile, and where that is still there behind the replay, the program is tried once more.
 *
 * @returns what is to be told
 */
export async function replayBeside(
  place: Place,
  left: readonly LeftOut[],
  replay: () => Promise<void>,
): Promise<LeftOut[]> {
  const { logicalWriter } = place.engine
  const mayStand = left.some(({ statement }) => logicalWriter.standInFor(statement).length > 0)
  if (!mayStand) {
    await replay()
    return [...left]
  }
  await writing(place, async writer => {
    for (const { statement } of left) {
      for (const one of logicalWriter.standInFor(statement)) {
        if ((await refusalOf(writer, one)) !== null) break
      }
    }
  })
  const before = await logicalWriter.standIns(place.session)
  await replay()
  const after = await logicalWriter.standIns(place.session)
  return await writing(place, writer => replaced(writer, left, before, after))
}

async function replaced(
  writer: LogicalWriterSession,
  left: readonly LeftOut[],
  before: readonly StandIn[],
  after: readonly StandIn[],
): Promise<LeftOut[]> {
  const told: LeftOut[] = []
  const stays = new Map<string, string>()
  for (const { object, drop } of after) {
    const refusal = await refusalOf(writer, drop)
    const why = refusal === null ? null : `what stands for it cannot be dropped: ${refusal}`
    if (why !== null) stays.set(object, why)
    if (left.some(({ statement }) => statement.object === object)) continue
    told.push({ statement: drop, why: why ?? RENAMED, isRenamed: true })
  }
  for (const one of left) {
    const { statement } = one
    const [was, is] = [before, after].map(all => all.find(at => at.object === statement.object))
    if (!was) told.push(one)
    // Else the log has dropped it, or made another.
    if (!was || !is) continue
    const why =
      stays.get(is.object) ??
      (is.table === was.table
        ? await refusalOf(writer, statement)
        : `its table has another name, ${is.table}`)
    told.push(why === null ? { ...one, isMade: true } : { ...one, why })
  }
  return told
}

/** @returns the server's reason, where it does not take a statement that may be refused; else null */
async function refusalOf(
  writer: LogicalWriterSession,
  statement: RestoreStatement,
): Promise<string | null> {
  try {
    await writer.run(statement)
    return null
  } catch (error) {
    if (!isRefusal(statement, error)) throw error
    return reasonOf(error)
  }
}

/** Of one statement that may be left out, by a server that goes on. */
export function isRefusal(
  { mayFail, isGrant }: RestoreStatement,
  error: unknown,
): error is EcomdbError {
  if (!mayFail || !(error instanceof EcomdbError)) return false
  return isGrant ? isNotThere(error) : error.code !== 'SERVER_LOST'
}

export const reasonOf = ({ what, why }: EcomdbError): string => why ?? what

async function writing<Result>(
  { engine, wanted }: Place,
  use: (writer: LogicalWriterSession) => Promise<Result>,
): Promise<Result> {
  const { restoreId: _, ...options } = wanted
  const writer = await engine.logicalWriter.open({ ...options, writers: 1 })
  try {
    return await use(writer)
  } finally {
    await writer.close()
  }
}
