import { BaseCommand, type Outcome } from '#cli/base-command'
import { sandboxFlags } from '#cli/sandbox-flags'
import { engineFor } from '#cli/wire'
import { EXIT } from '#core/errors'
import { openSandboxShell } from '#workflow/sandbox/open-sandbox-shell'

export default class SandboxShell extends BaseCommand {
  static override summary = "open the engine's own client on a private server, as its root"

  static override description =
    "What follows -- goes to the client as it is. The client's exit status is this command's."

  static override examples = [
    '<%= config.bin %> sandbox shell',
    "<%= config.bin %> sandbox shell --engine mysql -- --table -e 'SHOW DATABASES'",
    'echo "SELECT VERSION()" | <%= config.bin %> sandbox shell',
  ]

  // Standard output is the client's.
  static override enableJsonFlag = false
  static override exits = [EXIT.SERVER_UNREACHABLE, EXIT.TOOL_FAILED]

  static override strict = false
  static override flags = sandboxFlags

  protected override async execute(): Promise<Outcome<object>> {
    const { flags, argv } = await this.parse(SandboxShell)
    const engine = await engineFor(flags.engine)
    const status = await openSandboxShell({ engine, name: flags.name }, argv.map(String))
    return { result: { status }, text: '', status }
  }
}
