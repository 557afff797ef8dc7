import { boolean, string } from '@oclif/core/flags'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, fromFlag, policyFrom, targetFlags } from '#cli/flags'
import { wire } from '#cli/wire'
import { refuseElsewhere } from '#config/where-jobs-run'
import { systemClock } from '#core/clock'
import { EXIT } from '#core/errors'
import { expireReportText } from '#report/expire-text'
import { expireSnapshots } from '#workflow/expire/expire-snapshots'

export default class BackupExpire extends BaseCommand {
  static override summary = 'remove the snapshots that the policy does not keep'

  static override description =
    'Prints each snapshot with the reason why it is kept or goes, and changes nothing. With --confirm it writes a signed tombstone, and removes what an earlier tombstone has announced for as long as the policy says: the envelope first, then what no other snapshot needs. Only proven snapshots count; the newest proven chain is never removed, nor what a lock holds. While anything looks wrong (half of the data gone, a table missing, a clock that runs backwards, no new backup, a file that is not believed) nothing is removed, and the exit status is 3 until --accept. It is refused while a backup, restore, drill, verify or copy runs.'

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --confirm',
    '<%= config.bin %> <%= command.id %> --accept 0191 --reason chat-was-dropped',
  ]

  static override exits = [EXIT.FINDINGS, EXIT.LOCKED]

  static override flags = {
    confirm: boolean({ summary: 'do it; without this it is only said' }),
    accept: string({
      helpValue: 'SNAPSHOT',
      summary: 'the anomalies at this snapshot are as they should be: sign that',
      dependsOn: ['reason'],
    }),
    reason: string({ helpValue: 'TEXT', summary: 'why, for whoever reads it later' }),
    ...targetFlags,
    ...fromFlag,
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(BackupExpire)
    const config = await configFrom(flags)
    const policy = await policyFrom(config)
    const { confirm, accept, reason = '' } = flags
    if (confirm) refuseElsewhere('expire', config, policy)
    await this.askOperator(config, confirm || accept !== undefined)
    const options = { target: await wire.target(config), keys: config.keys, policy, confirm }
    const accepted = accept ? { snapshotId: accept, reason } : null
    const result = await expireSnapshots(
      { ...options, accept: accepted, clock: systemClock },
      this.progress,
    )
    const { anomalies, refused, notRemoved } = result
    const isFine = anomalies.length + refused.length + notRemoved.length === 0
    return { result, text: expireReportText(result), status: isFine ? EXIT.DONE : EXIT.FINDINGS }
  }
}
