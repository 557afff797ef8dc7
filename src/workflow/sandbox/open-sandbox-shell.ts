import { join } from 'node:path'
import { EcomdbError } from '#core/errors'
import { runInteractive } from '#process/run-interactive'
import { type SandboxName, sandboxFolder } from './sandbox-place.ts'

/**
 * `ecomdb sandbox shell`: the engine's own client on this terminal, as root of the sandbox.
 *
 * @param args passed on to the client: a schema's name, or its options
 * @returns the client's exit status
 * @throws EcomdbError SERVER_UNREACHABLE when the sandbox does not run
 */
export async function openSandboxShell(
  sandbox: SandboxName,
  args: readonly string[],
): Promise<number> {
  const { engine, name } = sandbox
  const folder = sandboxFolder(sandbox)
  const server = await engine.scratchServers.status(folder)
  if (!server) {
    throw new EcomdbError('SERVER_UNREACHABLE', {
      what: `the ${engine.family} sandbox '${name}' does not run`,
      hints: [
        `run \`ecomdb sandbox start --engine ${engine.family} --name ${name}\``,
        'run `ecomdb sandbox status` to see which do',
      ],
    })
  }
  const client = engine.scratchServers.client(server)
  // What is typed here belongs to the sandbox, and not into the user's own history.
  const env = { ...client.env, MYSQL_HISTFILE: join(folder, 'history') }
  return await runInteractive({ ...client, env }, args)
}
