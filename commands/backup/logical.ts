import { integer, string } from '@oclif/core/flags'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, dryRunFlag, serverFlags, targetFlags } from '#cli/flags'
import { wire } from '#cli/wire'
import { backupKeys } from '#config/config'
import { systemClock } from '#core/clock'
import { EXIT } from '#core/errors'
import { logicalBackupPreviewText, logicalBackupText } from '#report/logical-backup-text'
import { backUpLogically } from '#workflow/backup/back-up-logically'
import { previewLogicalBackup } from '#workflow/backup/preview-logical-backup'

export default class BackupLogical extends BaseCommand {
  static override summary = 'back up rows, objects and accounts at one point in time'

  static override description =
    'Writers wait for some milliseconds, while all readers open their snapshots; rows are then read side by side, compressed, encrypted and stored. Only content that no earlier snapshot has is stored. The snapshot is there when its signed envelope is, which is written last. The proof of the one point in time is in the manifest. DDL that runs meanwhile makes the backup fail.'

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --dry-run',
    '<%= config.bin %> <%= command.id %> --databases shop --readers 4 --json',
  ]

  static override exits = [EXIT.FINDINGS, EXIT.LOCKED, EXIT.VERIFICATION_FAILED]

  static override flags = {
    databases: string({
      multiple: true,
      delimiter: ',',
      helpValue: 'NAME',
      summary: "only these databases; all but the server's own by default",
    }),
    readers: integer({
      default: 2,
      min: 1,
      max: 32,
      summary: 'connections that read side by side, a thread each',
    }),
    wait: integer({
      default: 60,
      min: 0,
      helpValue: 'SECONDS',
      summary: 'how long to wait for a moment in which locking stops no one',
    }),
    hold: integer({
      default: 60,
      min: 1,
      helpValue: 'SECONDS',
      summary: 'how long writers to tables without transactions (MyISAM, …) may have to wait',
    }),
    ...dryRunFlag,
    ...serverFlags,
    ...targetFlags,
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(BackupLogical)
    if (!flags['dry-run']) await wire.warmReaders(flags.readers)
    const config = await configFrom(flags)
    const { readers, wait: waitSeconds, hold: holdSeconds, databases = null } = flags
    const keys = backupKeys(config, text => this.progress.warn(text))
    const place = { ...(await wire.server(config)), target: await wire.target(config) }
    const limits = { readers, waitSeconds, holdSeconds }
    const options = { ...place, keys, databases, ...limits, clock: systemClock }
    if (flags['dry-run']) {
      const preview = await previewLogicalBackup(options)
      return { result: preview, text: logicalBackupPreviewText(preview) }
    }
    const result = await backUpLogically(options, this.progress)
    const status = result.findings.length ? EXIT.FINDINGS : EXIT.DONE
    return { result, text: logicalBackupText(result), status }
  }
}
