import type { Progress } from '#core/progress'
import { type SandboxName, sandboxFolder } from './sandbox-place.ts'

/** `ecomdb sandbox stop`. `stopped` is false when it was not running; its data stays. */
export async function stopSandbox(
  sandbox: SandboxName,
  progress: Progress,
): Promise<{ folder: string; stopped: boolean }> {
  const folder = sandboxFolder(sandbox)
  progress.stage(`stopping the private ${sandbox.engine.family} server`)
  return { folder, stopped: await sandbox.engine.scratchServers.stop(folder) }
}
