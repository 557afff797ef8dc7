import { diskSpace } from '#core/disk-space'
import { EcomdbError, type ErrorCode } from '#core/errors'
import { noRoom } from '#core/storage-error'
import { MIB } from '#core/units'
import type { ScratchServers } from '#engine/scratch-server'
import { meansFullDisk } from '#engine/server-error'
import { watchFullDisk } from '#process/full-disk'

/** With so little a server may fail without saying of what. */
const NO_ROOM_BYTES = 16 * MIB
/** "Table is full" is told of a table of MEMORY, too; files grow by up to 64 MiB at once. */
const LITTLE_ROOM_BYTES = 128 * MIB

const SAYS_TABLE_FULL = /table '.*' is full|errno: 135\b|no more room/i

/** What a server that has no room may fail with. */
const OF_A_SERVER: ReadonlySet<ErrorCode> = new Set([
  ...(['SERVER_REFUSED', 'SERVER_LOST', 'SERVER_UNREACHABLE', 'TOOL_FAILED'] as const),
])

/**
 * Uses a private server. Where the disk below it is full, or the server is killed for want of memory or stopped from outside, that is
 * no finding about what is restored: it would be signed that a good snapshot does not come back. A server
 * that waits for room is ended: MariaDB's tables without transactions do so for ever.
 *
 * @throws EcomdbError STORAGE_FAILED, TOOL_KILLED; what `use` throws
 */
export async function withRoom<Result>(
  servers: Pick<ScratchServers, 'remove' | 'wasKilled' | 'wasStopped'>,
  folder: string,
  use: () => Promise<Result>,
): Promise<Result> {
  const disk = watchFullDisk(folder, () => void servers.remove(folder).catch(() => {}))
  try {
    return await use()
  } catch (error) {
    if (disk.error) throw disk.error
    throw (
      (await forWantOfRoom(error, folder)) ?? (await whenKilled(error, servers, folder)) ?? error
    )
  } finally {
    disk.close()
  }
}

async function whenKilled(
  error: unknown,
  servers: Pick<ScratchServers, 'wasKilled' | 'wasStopped'>,
  folder: string,
): Promise<EcomdbError | null> {
  if (!(error instanceof EcomdbError) || !OF_A_SERVER.has(error.code)) return null
  if (!(await servers.wasKilled(folder))) return await whenStopped(error, servers, folder)
  return new EcomdbError('TOOL_KILLED', {
    what: `the private server in ${folder} was killed`,
    why: `by SIGKILL, as the kernel does for want of memory; then: ${error.what}`,
    hints: [
      'see whether `journalctl -k` tells of "Out of memory"; run it again where there is more memory',
    ],
    cause: error,
  })
}

/** By the host's administrator, or as the host goes down. */
async function whenStopped(
  error: EcomdbError,
  servers: Pick<ScratchServers, 'wasStopped'>,
  folder: string,
): Promise<EcomdbError | null> {
  // Before it had made its socket: it did not start, and says of no file.
  const isSilent =
    error.code === 'TOOL_FAILED' &&
    error.what.endsWith(' did not start') &&
    !error.why?.includes('[ERROR]')
  if (error.code !== 'SERVER_LOST' && !isSilent) return null
  if (!(await servers.wasStopped(folder))) return null
  return new EcomdbError('TOOL_KILLED', {
    what: `the private server in ${folder} was stopped by somebody else`,
    why: `it ended in good order; then: ${error.what}`,
    hints: ['run the command again'],
    cause: error,
  })
}

async function forWantOfRoom(error: unknown, folder: string): Promise<EcomdbError | null> {
  if (!(error instanceof EcomdbError) || !OF_A_SERVER.has(error.code)) return null
  const text = error.why ? `${error.what}: ${error.why}` : error.what
  const { freeBytes } = await diskSpace(folder)
  const isFull =
    freeBytes < NO_ROOM_BYTES ||
    meansFullDisk(text) ||
    (SAYS_TABLE_FULL.test(text) && freeBytes < LITTLE_ROOM_BYTES)
  if (!isFull) return null
  return new EcomdbError('STORAGE_FAILED', {
    what: `there is no room in ${folder} for the private server`,
    why: text,
    hints: ['free some space (`df -h` shows how much there is), then run the command again'],
    cause: noRoom(error),
  })
}
