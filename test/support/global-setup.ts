import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { engineFor } from '#cli/wire'
import { TEST_ENGINES } from '#test/engines'

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
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'ecomdb-servers-'))
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
    await Promise.all(
      engines.map(engine => engine.scratchServers.stop(join(folder, engine.family))),
    )
    await rm(folder, { recursive: true, force: true })
  }
}
