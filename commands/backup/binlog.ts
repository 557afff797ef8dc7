import { boolean, integer } from '@oclif/core/flags'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, serverFlags, targetFlags } from '#cli/flags'
import { wire } from '#cli/wire'
import { backupKeys } from '#config/config'
import { systemClock } from '#core/clock'
import { EXIT } from '#core/errors'
import { MIB } from '#core/units'
import { binlogText } from '#report/binlog-text'
import { archiveBinlog } from '#workflow/binlog/archive-binlog'

export default class BackupBinlog extends BaseCommand {
  static override summary = "archive the server's binary log, for restores to any moment"

  static override description =
    "Follows the binary log through the engine's own tool and stores it in segments, compressed, encrypted and signed, each one chained to the one before it. It runs until it is stopped, and survives restarts of the server; with --once it catches up to now and ends, for timers. Where it goes on, the repository says: a run that was killed leaves no gap and nothing twice. When the server has purged what was not archived yet, the exit status is 13 and the message says what is lost."

  static override examples = [
    '<%= config.bin %> <%= command.id %> --once',
    '<%= config.bin %> <%= command.id %> --segment-seconds 30',
  ]

  static override exits = [EXIT.FINDINGS, EXIT.LOCKED, EXIT.VERIFICATION_FAILED]

  static override flags = {
    once: boolean({ summary: 'catch up to now and end' }),
    'segment-seconds': integer({
      default: 60,
      min: 1,
      max: 3600,
      summary: 'store what has come at least so often; what is not stored can be lost',
    }),
    'segment-mib': integer({ default: 16, min: 1, max: 128, summary: 'or when it is so much' }),
    ...serverFlags,
    ...targetFlags,
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(BackupBinlog)
    const config = await configFrom(flags)
    const keys = backupKeys(config, text => this.progress.warn(text))
    const place = { ...(await wire.server(config)), target: await wire.target(config) }
    const segmentMs = flags['segment-seconds'] * 1000
    const segmentBytes = flags['segment-mib'] * MIB
    const result = await archiveBinlog(
      { ...place, keys, once: flags.once ?? false, segmentMs, segmentBytes, clock: systemClock },
      this.progress,
    )
    const status = result.findings.length > 0 ? EXIT.FINDINGS : EXIT.DONE
    return { result, text: binlogText(result), status }
  }
}
