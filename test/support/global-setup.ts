import { mkdtemp, readFile, realpath, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { engineFor } from '#cli/wire'
import { GIB } from '#core/units'
import { TEST_ENGINES } from '#test/engines'
import { clearLeftovers } from '#test/leftovers'
import { UNSYNCED } from '#test/own-server'

declare module 'vitest' {
  interface ProvidedContext {
    /** One folder with a running server per engine. */
    serversFolder: string
  }
}

/**
 * One private server per engine serves all test files, each of which makes databases of
 * its own. A test that changes the server itself (accounts, global variables, crashes)
 * starts a server for itself.
 *
 * The whole run has a temp folder of its own, in memory where there is room, for a disk is waited
 * for at each commit of a server, and has written 50 GB at the end: what is in it at the end, and every process
 * that still knows it, was left behind by a test, and fails the run.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const temporary = await realpath(await mkdtemp(join(await temporaryParent(), 'ecomdb-tests-')))
  process.env['TMPDIR'] = temporary
  process.env['ECOMDB_STATE'] = join(temporary, 'state')
  const folder = join(temporary, 'servers')
  const engines = await Promise.all(TEST_ENGINES.map(engineFor))
  const starting = await Promise.allSettled(
    engines.map(engine =>
      engine.scratchServers.start({
        folder: join(folder, engine.family),
        tcp: true,
        purpose: 'sandbox',
        serverOptions: UNSYNCED,
      }),
    ),
  )
  project.provide('serversFolder', folder)
  const end = async (): Promise<void> => {
    for (const engine of engines) await engine.scratchServers.remove(join(folder, engine.family))
    await rm(folder, { recursive: true, force: true })
    const leftovers = clearLeftovers(temporary)
    await rm(temporary, { recursive: true, force: true })
    if (leftovers.length > 0) {
      throw new Error(`the tests have left behind:\n  ${leftovers.join('\n  ')}`)
    }
  }
  const failed = starting.find(one => one.status === 'rejected')
  if (!failed) return end
  // The runner ends nothing that a setup has begun which failed.
  await end().catch(() => {})
  throw failed.reason
}

const MEMORY = '/dev/shm'
/** Twice what a run has there at most, with three workers; a full one would fail the tests. */
const ROOM_BYTES = 12 * GIB

/** Whoever sets TMPDIR wants that place. */
async function temporaryParent(): Promise<string> {
  return process.env['TMPDIR'] || !(await hasRoom()) ? tmpdir() : MEMORY
}

async function hasRoom(): Promise<boolean> {
  const mounts = await readFile('/proc/mounts', 'utf8').catch(() => '')
  // Tests start programs that they write there.
  const mounted = mounts.split('\n').find(line => line.split(' ')[1] === MEMORY)
  const [, , type, options = ''] = mounted?.split(' ') ?? []
  if (type !== 'tmpfs' || options.split(',').includes('noexec')) return false
  const { bavail, bsize } = await statfs(MEMORY)
  return Math.min(bavail * bsize, process.availableMemory()) > ROOM_BYTES
}
