import { option, string } from '@oclif/core/flags'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { engineFor } from '#cli/wire'
import { sandboxesText } from '#report/sandbox-text'
import { listSandboxes } from '#workflow/sandbox/list-sandboxes'

export default class SandboxStatus extends BaseCommand {
  static override summary = 'list the private servers, running or not'

  static override examples = [
    '<%= config.bin %> sandbox status',
    '<%= config.bin %> sandbox status --engine mysql --json',
  ]

  static override flags = {
    engine: option({
      options: ['mariadb', 'mysql'] as const,
      summary: 'only those of this engine',
    })(),
    name: string({ helpValue: 'NAME', summary: 'only those of this name' }),
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(SandboxStatus)
    const sandboxes = await listSandboxes(engineFor, flags)
    return { result: { sandboxes }, text: sandboxesText(sandboxes) }
  }
}
