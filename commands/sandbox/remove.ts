import { string } from '@oclif/core/flags'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { sandboxFlags } from '#cli/sandbox-flags'
import { engineFor } from '#cli/wire'
import { EXIT } from '#core/errors'
import { removeSandbox } from '#workflow/sandbox/remove-sandbox'

export default class SandboxRemove extends BaseCommand {
  static override summary = 'stop a private server and delete all its data'

  static override examples = ['<%= config.bin %> sandbox remove --name trial --confirm trial']

  static override exits = [EXIT.LOCKED, EXIT.TOOL_FAILED]

  static override flags = {
    ...sandboxFlags,
    confirm: string({ helpValue: 'NAME', summary: "the sandbox's name once more" }),
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(SandboxRemove)
    const { name, confirm } = flags
    const engine = await engineFor(flags.engine)
    const result = await removeSandbox({ engine, name }, confirm, this.progress)
    return {
      result: { engine: engine.family, name, ...result },
      text: result.removed
        ? `the ${engine.family} sandbox '${name}' and its data are gone`
        : `there was no ${engine.family} sandbox '${name}'`,
    }
  }
}
