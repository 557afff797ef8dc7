import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { onInterrupt } from '#core/interruption'
import { stateFolder } from '#core/paths'
import type { Engine } from '#engine/engine'
import type { LastingSettings, RunningServer } from '#engine/scratch-server'
import { isAlive } from '#process/is-alive'
import { OTHER_STATE, refuseInside } from './refuse-inside.ts'

/**
 * A throw-away server for a drill: no network, no events, no binary log, in a folder of
 * its own. Both are removed when `use` ends, fails, or is interrupted.
 *
 * @param settings of the server that was backed up
 */
export async function withDrillServer<Result>(
  engine: Engine,
  settings: Readonly<Record<string, string>>,
  use: (server: RunningServer) => Promise<Result>,
): Promise<Result> {
  return await withDrillFolder(engine, async folder => {
    const lasting = lastingSettings(settings)
    const options = { folder, tcp: false, purpose: 'drill', ...lasting } as const
    return await use(await engine.scratchServers.start(options))
  })
}

/** Where these differ, names are others, or tables do not fit into a page. */
function lastingSettings(settings: Readonly<Record<string, string>>): LastingSettings {
  const pageSize = Number(settings['innodb_page_size'] ?? DEFAULT_PAGE_SIZE)
  return {
    lowerCaseNames: settings['lower_case_table_names'] === '1',
    ...(pageSize === DEFAULT_PAGE_SIZE ? {} : { pageSize }),
  }
}

const DEFAULT_PAGE_SIZE = 16_384

/** The folder alone, claimed for a private server that is not started yet. */
export async function withDrillFolder<Result>(
  engine: Engine,
  use: (folder: string) => Promise<Result>,
): Promise<Result> {
  // First what a killed drill has left in such a place.
  await removeLeftovers(engine)
  await refuseInside(drillsFolder(), OTHER_STATE)
  await mkdir(drillsFolder(), { recursive: true, mode: 0o700 })
  const name = `${process.pid}-${engine.family}-${randomBytes(4).toString('hex')}`
  const folder = join(drillsFolder(), name)
  // A signal's clean-up and our own `finally` may come together: one after the other, or the
  // second writes server.json into what the first is deleting.
  let removal: Promise<void> = Promise.resolve()
  const remove = (): Promise<void> => {
    removal = removal.catch(() => {}).then(() => removeServer(engine, folder))
    return removal
  }
  const forget = onInterrupt(remove)
  try {
    return await use(await engine.scratchServers.claim(folder))
  } finally {
    await remove()
    forget()
  }
}

const drillsFolder = (): string => join(stateFolder(), 'drill')

/** Ended at once: a shutdown in good order would write out every page of what is thrown away. */
async function removeServer(engine: Engine, folder: string): Promise<void> {
  const { inspect, remove } = engine.scratchServers
  if (await inspect(folder)) await remove(folder)
  await rm(folder, { recursive: true, force: true, maxRetries: 3 })
}

/** Servers of drills that were killed before they could clean up. */
async function removeLeftovers(engine: Engine): Promise<void> {
  const names = await readdir(drillsFolder()).catch(() => [])
  for (const name of names) {
    const [pid, family] = name.split('-')
    if (family !== engine.family || isAlive(Number(pid))) continue
    await removeServer(engine, join(drillsFolder(), name))
  }
}
