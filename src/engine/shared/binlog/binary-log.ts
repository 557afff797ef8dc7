import type { BinaryLog } from '../../binlog.ts'
import type { BinlogDialect } from './dialect.ts'
import { openFeed } from './feed.ts'
import { noteRestore } from './note-restore.ts'
import { lockArchiver, observeLog } from './observe-log.ts'
import { logReplay } from './replay-log.ts'

export function binaryLog(dialect: BinlogDialect): BinaryLog {
  return {
    observe: session => observeLog(dialect, session),
    lock: lockArchiver,
    noteRestore,
    read: options => openFeed(dialect, options),
    replay: logReplay(dialect),
  }
}
