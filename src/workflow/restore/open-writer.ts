import { EcomdbError } from '#core/errors'
import type { Engine } from '#engine/engine'
import type {
  LogicalWriterSession,
  RestoreProgress,
  RestoreTarget,
  WriterOptions,
} from '#engine/logical-writer'
import type { Session } from '#engine/session'
import { type RestoreJournal, removeJournal, writeJournal } from './restore-journal.ts'

interface Before {
  target: RestoreTarget
  /** Of the restore that was interrupted. */
  journal: RestoreJournal | null
  /** How far that came, when it is continued: then its marks are this one's. */
  done: RestoreProgress | null
}

const isTrue = (): boolean => true
const isFalse = (): boolean => false

/**
 * Nothing was made where the server refuses that much, or the last word before the first change: then the journals are as they
 * were before.
 */
export async function openWriter<Word>(
  { engine, session }: { engine: Engine; session: Session },
  { target, journal, done }: Before,
  options: WriterOptions & { restoreId: string },
  lastWord: () => Promise<Word>,
): Promise<{ writer: LogicalWriterSession; word: Word }> {
  let writer: LogicalWriterSession | null = null
  try {
    writer = await engine.logicalWriter.open(options)
    return { writer, word: await lastWord() }
  } catch (error) {
    await writer?.close()
    const { restoreId, binlog } = options
    const ended = (): Promise<void> =>
      engine.logicalWriter.endJournal(session, [{ restoreId, binlog, madeNothing: true }])
    // What is left on the server is still one to continue, or to begin again.
    if (!done && !(await ended().then(isTrue, isFalse))) throw error
    if (journal) await writeJournal(journal)
    else await removeJournal(target.serverId)
    if (!(error instanceof EcomdbError)) throw error
    const { code, what, why, hints } = error
    throw new EcomdbError(code, {
      what,
      why,
      hints: [...hints, 'nothing was changed'],
      cause: error,
    })
  }
}
