import { boolean } from '@oclif/core/flags'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { sandboxFlags } from '#cli/sandbox-flags'
import { engineFor } from '#cli/wire'
import { EXIT } from '#core/errors'
import { startSandbox } from '#workflow/sandbox/start-sandbox'

export default class SandboxStart extends BaseCommand {
  static override summary = 'start a private server with a data directory of its own'

  static override description =
    'No root is needed and no other server is touched. A sandbox that runs already is left as it is; one that crashed is started again on its data. It runs until `ecomdb sandbox stop`.'

  static override examples = [
    '<%= config.bin %> sandbox start',
    '<%= config.bin %> sandbox start --engine mysql --name trial --no-tcp',
  ]

  static override exits = [EXIT.LOCKED, EXIT.TOOL_FAILED, EXIT.BAD_CONFIGURATION]

  static override flags = {
    ...sandboxFlags,
    tcp: boolean({
      default: true,
      allowNo: true,
      summary: 'listen on a free loopback port as well',
    }),
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(SandboxStart)
    const engine = await engineFor(flags.engine)
    const server = await startSandbox({ engine, name: flags.name }, flags, this.progress)
    const { version, pid, socketPath, port } = server
    return {
      result: { engine: engine.family, name: flags.name, ...server },
      text: [
        `${engine.family} ${version} runs (pid ${pid})`,
        `  socket ${socketPath}`,
        `  port   ${port ?? 'none'}`,
        `use it: export ECOMDB_ENGINE=${engine.family} ECOMDB_SOCKET='${socketPath}' ECOMDB_USER=root`,
      ].join('\n'),
    }
  }
}
