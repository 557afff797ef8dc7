import type { Progress } from '#core/progress'
import type { RunningServer } from '#engine/scratch-server'
import { OTHER_STATE, refuseInside } from '../restore/refuse-inside.ts'
import { type SandboxName, sandboxFolder } from './sandbox-place.ts'

/** `ecomdb sandbox start`: a private server that stays until it is stopped. */
export async function startSandbox(
  sandbox: SandboxName,
  options: { tcp: boolean },
  progress: Progress,
): Promise<RunningServer> {
  const folder = sandboxFolder(sandbox)
  await refuseInside(folder, OTHER_STATE)
  progress.stage(`starting a private ${sandbox.engine.family} server`)
  const { tcp } = options
  return await sandbox.engine.scratchServers.start({ folder, tcp, purpose: 'sandbox' })
}
