import { rm } from 'node:fs/promises'
import { engineFor } from '#cli/wire'
import type { EngineFamily } from '#domain/engine-family'
import type { Engine } from '#engine/engine'
import type { RunningServer } from '#engine/scratch-server'
import { makeFolder } from '#test/temporary'

/**
 * A commit of it survives a kill of the server, but not one of the machine: no test does that, and
 * where the temp folder is on a disk each commit would wait for it.
 */
export const UNSYNCED = ['--innodb-flush-method=nosync', '--sync-binlog=0']

/** For servers of drills, whose log of 512 MB is more than all that a test writes. */
export const SMALL_LOG: Readonly<Record<EngineFamily, readonly string[]>> = {
  mariadb: ['--innodb-log-file-size=96M'],
  mysql: [],
}

/** A server of a test file's own: for what touches the server itself, its locks or accounts. */
export async function startOwnServer(
  family: EngineFamily,
  serverOptions: readonly string[] = [],
): Promise<{ engine: Engine; server: RunningServer; folder: string; remove(): Promise<void> }> {
  const engine = await engineFor(family)
  const folder = await makeFolder()
  const server = await engine.scratchServers.start({
    folder: `${folder}/server`,
    tcp: false,
    purpose: 'sandbox',
    serverOptions: [...UNSYNCED, ...serverOptions],
  })
  return {
    engine,
    server,
    folder,
    async remove() {
      await engine.scratchServers.remove(server.folder)
      await rm(folder, { recursive: true, force: true })
    },
  }
}
