import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { EcomdbError, messageOf, systemCode } from '#core/errors'
import { stateFolder } from '#core/paths'
import { syncFolder } from '#core/sync-folder'
import type { MadeObjects } from '#domain/backup/restore-plan'
import type { AccountName } from '#domain/schema/service-accounts'
import type { EndedRestore } from '#engine/logical-writer'

/** What changes the plan of a restore. */
export interface RestoreChoice {
  databases: readonly string[] | null
  tables: readonly string[] | null
  into: string | null
  services: readonly string[]
  binlog: boolean
}

/**
 * What a restore is about to make on a server, written before the first change and removed
 * after the last. A journal that is there tells of a restore that was interrupted: its
 * databases were missing or empty before, and its accounts were not there, so all of it
 * may be removed to start again. How far it came is on the server, with the rows.
 */
export interface RestoreJournal extends MadeObjects {
  format: 1
  /** Of its journal on the server; an older ecomdb wrote none. */
  restoreId?: string
  /** What was asked for: to be continued it must be asked for again. */
  choice?: RestoreChoice
  snapshotId: string
  serverId: string
  startedAt: string
  /** Restores that this one began again, whose marks are on the server until it ends. */
  startedOver?: readonly EndedRestore[]
  /** Binary logs are replayed: what is there is no longer the snapshot alone. */
  replaying?: true
  /** Who could log in before; what the replay has made since is on the server, and in no list. */
  open?: readonly AccountName[]
}

const folder = (): string => join(stateFolder(), 'restore')
const fileOf = (serverId: string): string => join(folder(), `${serverId.slice(0, 32)}.json`)

/** The journal of an interrupted restore into this server, or null. */
export async function readJournal(serverId: string): Promise<RestoreJournal | null> {
  const file = fileOf(serverId)
  try {
    const journal = JSON.parse(await readFile(file, 'utf8')) as RestoreJournal
    return journal.serverId === serverId ? journal : null
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null
    throw new EcomdbError('STORAGE_FAILED', {
      what: `cannot read the journal of an earlier restore, ${file}`,
      why: messageOf(error),
      hints: ['look at what is on the server, remove it by hand, then remove the file'],
      cause: error,
    })
  }
}

/** Durable when the promise resolves. */
export async function writeJournal(journal: RestoreJournal): Promise<void> {
  const file = fileOf(journal.serverId)
  try {
    await mkdir(folder(), { recursive: true, mode: 0o700 })
    const handle = await open(`${file}.partial`, 'w', 0o600)
    try {
      await handle.writeFile(JSON.stringify(journal))
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(`${file}.partial`, file)
    await syncFolder(folder())
  } catch (error) {
    throw new EcomdbError('STORAGE_FAILED', {
      what: `cannot write the restore's journal ${file}`,
      why: messageOf(error),
      hints: ['set ECOMDB_STATE to a folder that can be written'],
      cause: error,
    })
  }
}

/** The restore is whole. */
export async function removeJournal(serverId: string): Promise<void> {
  await rm(fileOf(serverId), { force: true })
}
