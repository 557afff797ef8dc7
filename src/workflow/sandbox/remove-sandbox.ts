import { EcomdbError } from '#core/errors'
import type { Progress } from '#core/progress'
import { type SandboxName, sandboxFolder } from './sandbox-place.ts'

/**
 * `ecomdb sandbox remove`: the server and all its data. `removed` is false when there was none.
 *
 * @param confirm the sandbox's name once more
 * @throws EcomdbError CONFIRMATION_REQUIRED
 */
export async function removeSandbox(
  sandbox: SandboxName,
  confirm: string | undefined,
  progress: Progress,
): Promise<{ folder: string; removed: boolean }> {
  const folder = sandboxFolder(sandbox)
  if (confirm !== sandbox.name) {
    throw new EcomdbError('CONFIRMATION_REQUIRED', {
      what: `the ${sandbox.engine.family} sandbox '${sandbox.name}' is not removed`,
      why: confirm ? `--confirm names '${confirm}'` : 'all its data would be deleted',
      hints: [`add --confirm ${sandbox.name}`],
    })
  }
  progress.stage(`removing the private ${sandbox.engine.family} server`)
  return { folder, removed: await sandbox.engine.scratchServers.remove(folder) }
}
