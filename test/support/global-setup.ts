import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { engineFor } from '#cli/wire'
import { TEST_ENGINES } from '#test/engines'
import { clearLeftovers } from '#test/leftovers'

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
 * The whole run has a temp folder of its own: what is in it at the end, and every process
 * that still knows it, was left behind by a test, and fails the run.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const temporary = await realpath(await mkdtemp(join(tmpdir(), 'ecomdb-tests-')))
  process.env['TMPDIR'] = temporary
  process.env['ECOMDB_STATE'] = join(temporary, 'state')
  const folder = join(temporary, 'servers')
  const engines = await Promise.all(TEST_ENGINES.map(engineFor))
  await Promise.all(
    engines.map(engine =>
      engine.scratchServers.start({
        folder: join(folder, engine.family),
        tcp: true,
        purpose: 'sandbox',
      }),
    ),
  )
  project.provide('serversFolder', folder)
  return async () => {
    for (const engine of engines) await engine.scratchServers.remove(join(folder, engine.family))
    await rm(folder, { recursive: true, force: true })
    const leftovers = clearLeftovers(temporary)
    await rm(temporary, { recursive: true, force: true })
    if (leftovers.length > 0) {
      throw new Error(`the tests have left behind:\n  ${leftovers.join('\n  ')}`)
    }
  }
}
