import { BaseCommand, type Outcome } from '#cli/base-command'
import { sandboxFlags } from '#cli/sandbox-flags'
import { engineFor } from '#cli/wire'
import { EXIT } from '#core/errors'
import { stopSandbox } from '#workflow/sandbox/stop-sandbox'

export default class SandboxStop extends BaseCommand {
  static override summary = 'stop a private server and keep its data'

  static override examples = ['<%= config.bin %> sandbox stop --engine mysql']

  static override exits = [EXIT.LOCKED, EXIT.TOOL_FAILED]

  static override flags = sandboxFlags

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(SandboxStop)
    const engine = await engineFor(flags.engine)
    const result = await stopSandbox({ engine, name: flags.name }, this.progress)
    const sandbox = `the ${engine.family} sandbox '${flags.name}'`
    return {
      result: { engine: engine.family, name: flags.name, ...result },
      text: result.stopped ? `${sandbox} is stopped` : `${sandbox} was not running`,
    }
  }
}
