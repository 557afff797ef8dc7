import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, isTarget, targetFlags } from '#cli/flags'
import { wire } from '#cli/wire'
import { systemClock } from '#core/clock'
import { EXIT } from '#core/errors'
import { targetStatusText } from '#report/target-text'
import { targetStatus } from '#workflow/target/target-status'

export default class TargetStatus extends BaseCommand {
  static override summary = 'what is in the target, and how well it is kept'

  static override description =
    'Size, number of files, space, newest snapshot, versions and locks; names files that somebody has laid over or hidden, locks that do not hold as a snapshot promises, and uploads that killed runs have left (exit 3). Needs no private key.'

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --target /mnt/offline --json',
  ]

  static override exits = [EXIT.FINDINGS, EXIT.AUTHENTICATION_REFUSED]

  static override flags = { ...targetFlags }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(TargetStatus)
    const { keys, ...config } = await configFrom(flags)
    const target = await wire.target({ keys, ...config })
    const result = await targetStatus(
      { target, keys, clock: systemClock, isTarget: isTarget(flags) },
      this.progress,
    )
    const status = result.findings.length > 0 ? EXIT.FINDINGS : EXIT.DONE
    return { result, text: targetStatusText(result), status }
  }
}
