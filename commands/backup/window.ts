import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, targetFlags } from '#cli/flags'
import { wire } from '#cli/wire'
import { EXIT } from '#core/errors'
import { hasHoles } from '#domain/binlog/window'
import { windowText } from '#report/binlog-text'
import { showWindow } from '#workflow/binlog/show-window'

export default class BackupWindow extends BaseCommand {
  static override summary = 'list the moments that can be restored, and the gaps'

  static override description =
    'A moment can be restored when a snapshot and an unbroken chain of binary log segments lead there. Signatures, order and hashes of the chain are checked; no identity is needed. With a gap, or a segment that is not believed, the exit status is 3.'

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --json',
  ]

  static override exits = [EXIT.FINDINGS]

  static override flags = { ...targetFlags }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(BackupWindow)
    const config = await configFrom(flags)
    const result = await showWindow(await wire.target(config), config.keys.trustedSigners)
    const status = hasHoles(result) ? EXIT.FINDINGS : EXIT.DONE
    return { result, text: windowText(result), status }
  }
}
