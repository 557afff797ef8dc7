import { open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { EcomdbError } from '#core/errors'
import type { Session } from '../session.ts'

/** Of ib_logfile0 since MariaDB 10.8 (log0log.h): its first bytes, and where its two checkpoints stand. */
const FORMAT = 'Phys'
const CHECKPOINTS_AT = [4096, 8192]

/** A server makes a checkpoint when it likes, and counts it once it is written. */
const TRIES = 30
const PAUSE_MS = 100

/**
 * mariadb-backup reads the folder that the server names, on this host: where the server runs on another one, or in a
 * container, another server's files may be there, and it copies those with the position of the first
 * (10.11, measured). The last checkpoint, which the server and its redo log both tell, shows whose they are.
 *
 * @throws EcomdbError UNSUPPORTED when the files here are not those of this server
 */
export async function requireOwnFolder(session: Session, dataFolder: string): Promise<void> {
  const home = (await session.value('SELECT @@innodb_log_group_home_dir')) ?? '.'
  const file = resolve(dataFolder, home, 'ib_logfile0')
  const seen = new Set<string>()
  for (let tries = 0; tries < TRIES; tries += 1) {
    if (tries > 0) await sleep(PAUSE_MS)
    const before = await lastCheckpoint(session)
    const found = await checkpointIn(file)
    // Not told by an older one; what cannot be read is told with the reason by what reads more of it.
    if (before === null || found === null) return
    if (found >= before && found <= ((await lastCheckpoint(session)) ?? 0n)) return
    seen.add(`${found}, and not ${before}`)
  }
  throw new EcomdbError('UNSUPPORTED', {
    what: `the files in ${dataFolder} on this host are not those of the server that answers`,
    why: `the last checkpoint in ${file} is ${[...seen].at(-1)}, as the server says`,
    hints: [
      'run it on the host that the server runs on; where it runs in a container, its data directory must be here under the same path',
      'see that the socket, or the host and port, are those of the server on this host',
      'or run `ecomdb backup logical`, which needs a connection only',
    ],
  })
}

async function lastCheckpoint(session: Session): Promise<bigint | null> {
  const [row] = await session.rows("SHOW GLOBAL STATUS LIKE 'Innodb_lsn_last_checkpoint'")
  const value = row?.['Value']
  return value === undefined || value === null ? null : BigInt(String(value))
}

/** Null where the file is of an older format, or may not be read. */
async function checkpointIn(path: string): Promise<bigint | null> {
  const file = await open(path).catch(() => null)
  if (!file) return null
  try {
    const { buffer } = await file.read(Buffer.alloc(8200), 0, 8200, 0)
    if (buffer.toString('latin1', 0, FORMAT.length) !== FORMAT) return null
    const [first = 0n, second = 0n] = CHECKPOINTS_AT.map(at => buffer.readBigUInt64BE(at))
    const [last = 0n] = [first, second].sort((a, b) => (a < b ? 1 : -1))
    return last
  } finally {
    await file.close()
  }
}
