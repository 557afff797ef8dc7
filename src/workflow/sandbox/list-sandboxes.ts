import type { EngineFamily } from '#domain/engine-family'
import type { Engine } from '#engine/engine'
import type { ScratchFolder } from '#engine/scratch-server'
import { namedSandboxes, sandboxFolder } from './sandbox-place.ts'

export interface Sandbox extends Omit<ScratchFolder, 'family'> {
  engine: EngineFamily
  name: string
}

/** `ecomdb sandbox status`: every sandbox of this user, running or not. */
export async function listSandboxes(
  engineFor: (family: EngineFamily) => Promise<Engine>,
  only: { engine?: EngineFamily | undefined; name?: string | undefined },
): Promise<Sandbox[]> {
  const found: Sandbox[] = []
  for (const { family, name } of await namedSandboxes()) {
    if ((only.engine ?? family) !== family || (only.name ?? name) !== name) continue
    const engine = await engineFor(family)
    const state = await engine.scratchServers.inspect(sandboxFolder({ engine, name }))
    if (!state) continue
    const { folder, state: word, pid, socketPath, port } = state
    found.push({ engine: family, name, state: word, pid, socketPath, port, folder })
  }
  return found
}
