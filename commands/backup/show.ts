import { string } from '@oclif/core/args'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, fromFlag, identityFlags, targetFlags } from '#cli/flags'
import { wire } from '#cli/wire'
import { shownSnapshotText } from '#report/backup-text'
import { showSnapshot } from '#workflow/backup/show-snapshot'

export default class BackupShow extends BaseCommand {
  static override summary = 'show what a snapshot is and, with an identity, what is in it'

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> latest --identity keys/operations.txt',
  ]

  static override args = {
    snapshot: string({
      description: "a snapshot id, the beginning of one, or 'latest'",
      default: 'latest',
    }),
  }

  static override flags = { ...targetFlags, ...fromFlag, ...identityFlags }

  protected override async execute(): Promise<Outcome<object>> {
    const { args, flags } = await this.parse(BackupShow)
    const config = await configFrom(flags)
    const needed = flags.identity !== undefined
    const target = await wire.target(config)
    const result = await showSnapshot(target, args.snapshot, config.keys, needed)
    return { result, text: shownSnapshotText(result) }
  }
}
