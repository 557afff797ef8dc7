import { join } from 'node:path'
import { stateFolder } from '#core/paths'
import type { Progress } from '#core/progress'
import type { Engine } from '#engine/engine'
import type { RunningServer } from '#engine/scratch-server'

/** Where a sandbox of this name lives. */
export function sandboxFolder(engine: Engine, name: string): string {
  return join(stateFolder(), 'sandbox', `${engine.family}-${name}`)
}

/** `ecomdb sandbox start`: a private server that stays until it is stopped. */
export async function startSandbox(
  engine: Engine,
  options: { name: string; tcp: boolean },
  progress: Progress,
): Promise<RunningServer> {
  progress.stage(`starting a private ${engine.family} server`)
  return await engine.scratchServers.start({
    folder: sandboxFolder(engine, options.name),
    tcp: options.tcp,
    purpose: 'sandbox',
  })
}
