import { boolean, string } from '@oclif/core/flags'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, fromFlag, targetFlags } from '#cli/flags'
import { wire } from '#cli/wire'
import { systemClock } from '#core/clock'
import { EXIT, type ExitStatus } from '#core/errors'
import type { CopyReport } from '#domain/copy/copy-report'
import { copyReportText } from '#report/copy-text'
import { copyRepository } from '#workflow/copy/copy-repository'

export default class BackupCopy extends BaseCommand {
  static override summary = 'bring a copy of the repository up to date: an offline disk, a share'

  static override description =
    'Copies what the copy does not have, encrypted as it is: no identity is needed. Every file is flushed, read again from the medium and compared with its signed SHA-256; the envelope of a snapshot comes last. A copy that is cut off has each snapshot whole or not at all, and the next one goes on. The folder must have been prepared by `ecomdb target prepare`, so that an unmounted disk is never mistaken for an empty one. Nothing is ever removed from a copy. Objects that are damaged in the copy are brought again; snapshots that are damaged in the repository are named (exit 13). Exit 3 when the signed record of the copy could not be stored in the repository.'

  static override examples = [
    '<%= config.bin %> <%= command.id %> --to disk-a',
    '<%= config.bin %> <%= command.id %> --to /mnt/disk-a/shop --eject',
  ]

  static override exits = [EXIT.FINDINGS, EXIT.LOCKED]

  static override flags = {
    to: string({
      required: true,
      helpValue: 'COPY',
      summary: 'the copy: its name in ecomdb.yaml, or its folder',
    }),
    eject: boolean({ summary: 'unmount the disk when all is copied and read back' }),
    ...targetFlags,
    ...fromFlag,
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(BackupCopy)
    const config = await configFrom(flags)
    const { destination, place, ejector } = await wire.copyPlace(config, flags.to)
    const eject = flags.eject ? ejector : null
    const options = { source: await wire.target(config), destination, place, eject }
    const result = await copyRepository(
      { ...options, keys: config.keys, clock: systemClock },
      this.progress,
    )
    return { result, text: copyReportText(result), status: statusOf(result) }
  }
}

function statusOf({ outcome, refused, recordProblem }: CopyReport): ExitStatus {
  if (outcome === 'failed') return EXIT.VERIFICATION_FAILED
  return refused.length > 0 || recordProblem !== null ? EXIT.FINDINGS : EXIT.DONE
}
