import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, fromFlag, targetFlags } from '#cli/flags'
import { wire } from '#cli/wire'
import { EXIT } from '#core/errors'
import { snapshotListText } from '#report/backup-text'
import { listSnapshots } from '#workflow/backup/list-snapshots'

export default class BackupList extends BaseCommand {
  static override summary = 'list the snapshots of the repository'

  static override description =
    'Only snapshots whose envelope is signed by a trusted signer are listed; one that is not believed is named, and so is one that somebody has laid something over in a bucket that keeps versions; the exit status is then 3. No identity is needed.'

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --target /mnt/offline --json',
  ]

  static override flags = { ...targetFlags, ...fromFlag }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(BackupList)
    const config = await configFrom(flags)
    const result = await listSnapshots(await wire.target(config), config.keys.trustedSigners)
    const { refused, exposed } = result
    const status = refused.length + exposed.length > 0 ? EXIT.FINDINGS : EXIT.DONE
    return { result, text: snapshotListText(result), status }
  }
}
