import { EcomdbError } from '#core/errors'
import type { LogicalWriterSession, RestoreTarget, WriterOptions } from '#engine/logical-writer'
import { type RestoreJournal, removeJournal, writeJournal } from './restore-journal.ts'
import type { RestorePlace } from './restore-options.ts'

/** Nothing was made where the server refuses that much: then the journal is as it was before. */
export async function openWriter(
  { engine }: RestorePlace,
  { target, journal }: { target: RestoreTarget; journal: RestoreJournal | null },
  options: WriterOptions,
): Promise<LogicalWriterSession> {
  try {
    return await engine.logicalWriter.open(options)
  } catch (error) {
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
