import type { LogicalReader } from '../../logical-reader.ts'
import { quoteIdentifier } from '../../quote.ts'
import { computingStatements } from '../computing-settings.ts'
import { serverPlace } from '../server-place.ts'
import { isComputedProbe } from './computed-columns.ts'
import { openConsistent } from './consistent-point.ts'
import type { LogicalDialect } from './dialect.ts'
import { previewConsistent } from './preview-consistent.ts'
import { answerText } from './probes.ts'
import { readCatalog } from './read-catalog.ts'
import { ReaderPool } from './reader-pool.ts'

export function logicalReader(dialect: LogicalDialect): LogicalReader {
  return {
    openConsistent: options => openConsistent(dialect, options),
    openQuiet: ({ connect, readers }) => ReaderPool.open(dialect, connect, readers),
    async answerProbe(session, { sql, schema }, source) {
      // Read as at the backup, over the raw wire: the driver would print numbers its own way.
      const pool = await ReaderPool.open(dialect, { ...session.options, database: undefined }, 1)
      try {
        // Not with the handshake: --skip-character-set-client-handshake takes its letters for others.
        await pool.query(`USE ${quoteIdentifier(schema)}`)
        const { div_precision_increment: _, ...asThen } = source
        for (const one of computingStatements(asThen)) await pool.query(one).catch(() => {})
        // Of a server that has just been compared: what a procedure writes besides would stay. It cannot
        // change the transaction that it is in, as it can the session.
        await pool.query('SET SESSION TRANSACTION READ ONLY')
        await pool.query('START TRANSACTION READ ONLY')
        return await answerText(pool, sql)
      } finally {
        await pool.close()
      }
    },
    asksForComputed: isComputedProbe,
    sourceId: session => dialect.sourceId(session),
    place: serverPlace,
    preview: (session, databases) => previewConsistent(dialect, session, databases),
    readCatalog: (session, databases, without) => readCatalog(dialect, session, databases, without),
  }
}
