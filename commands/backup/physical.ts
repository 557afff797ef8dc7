import { integer, string } from '@oclif/core/flags'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, serverFlags, targetFlags } from '#cli/flags'
import { wire } from '#cli/wire'
import { backupKeys } from '#config/config'
import { systemClock } from '#core/clock'
import { EXIT } from '#core/errors'
import { physicalBackupText } from '#report/physical-backup-text'
import { backUpPhysically } from '#workflow/backup/back-up-physically'

export default class BackupPhysical extends BaseCommand {
  static override summary = "back up the server's data files at one point in time"

  static override description =
    'For servers so large that loading rows would take too long. On MariaDB mariadb-backup copies the files; on MySQL the CLONE plugin does, and a private server that is started on the clone says its position. The files are cut into blocks, which are compressed, encrypted and stored in packs; a block that an earlier snapshot has is not stored again. The snapshot is there when every program has ended well and the signed envelope is written. Run it on the database host.'

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --incremental latest',
    '<%= config.bin %> <%= command.id %> --clone-folder /var/lib/mysql-clone --json',
  ]

  static override exits = [EXIT.FINDINGS, EXIT.LOCKED, EXIT.TOOL_FAILED]

  static override flags = {
    incremental: string({
      helpValue: 'SNAPSHOT',
      summary: "MariaDB: copy only what has changed since this physical snapshot, or 'latest'",
    }),
    'clone-folder': string({
      helpValue: 'FOLDER',
      summary: 'MySQL: a folder that the server may write its clone to, and that can be read here',
    }),
    hold: integer({
      default: 60,
      min: 1,
      helpValue: 'SECONDS',
      summary:
        'MariaDB: how long writers to tables without transactions (MyISAM, …) may have to wait',
    }),
    ...serverFlags,
    ...targetFlags,
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(BackupPhysical)
    const config = await configFrom(flags)
    const { incremental: base = null, 'clone-folder': cloneFolder, hold: holdSeconds } = flags
    const keys = backupKeys(config, text => this.progress.warn(text))
    const place = { ...(await wire.server(config)), target: await wire.target(config) }
    const options = { ...place, keys, base, cloneFolder, holdSeconds, clock: systemClock }
    const result = await backUpPhysically(options, this.progress)
    const status = result.findings.length ? EXIT.FINDINGS : EXIT.DONE
    return { result, text: physicalBackupText(result), status }
  }
}
