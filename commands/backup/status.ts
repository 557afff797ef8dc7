import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, policyFrom, targetFlags } from '#cli/flags'
import { wire } from '#cli/wire'
import { systemClock } from '#core/clock'
import { EXIT } from '#core/errors'
import { statusText } from '#report/status-text'
import { backupStatus } from '#workflow/status/backup-status'

export default class BackupStatus extends BaseCommand {
  static override summary = 'is there enough: 3 copies, 2 media, 1 off site, 1 offline, 0 errors'

  static override description =
    'For each server: how many places have a snapshot that is young enough, on how many media, which of them are off site, and offline or locked, and whether each was verified and the server drilled. Disks that are away count by their last signed record. What a place is made of and where it is kept is what ecomdb.yaml says of it. Exit status 3 when something is missing, a copy is too old, or a snapshot has vanished without a tombstone.'

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --json',
  ]

  static override exits = [EXIT.FINDINGS]

  static override flags = { ...targetFlags }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(BackupStatus)
    const config = await configFrom(flags)
    const policy = await policyFrom(config)
    const openCopy = (name: string) => wire.openCopy(config, name)
    const options = { source: await wire.target(config), config, policy, openCopy }
    const result = await backupStatus({ ...options, clock: systemClock })
    return { result, text: statusText(result), status: result.met ? EXIT.DONE : EXIT.FINDINGS }
  }
}
