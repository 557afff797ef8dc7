import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, targetFlags } from '#cli/flags'
import { wire } from '#cli/wire'
import { EXIT } from '#core/errors'
import { targetCheckText } from '#report/target-text'
import { checkTarget } from '#workflow/target/check-target'

export default class TargetCheck extends BaseCommand {
  static override summary = 'try what a folder or a bucket, and this credential, can promise'

  static override description =
    'Writes, reads, overwrites, locks and removes files of its own, small and in parts, and says what held: is a taken name refused, does one of many writers win, are versions kept, does a lock hold, are damaged bytes noticed, can objects be read, can files be removed. What must hold depends on runs_on: a database host should neither read objects nor remove anything. Locks of the trial last seconds; what was tried is removed where this credential may. Findings give exit status 3.'

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    "<%= config.bin %> <%= command.id %> --target 's3://shop-backups/shop?endpoint=https://s3.example.org'",
  ]

  static override exits = [EXIT.FINDINGS, EXIT.AUTHENTICATION_REFUSED]

  static override flags = { ...targetFlags }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(TargetCheck)
    const config = await configFrom(flags)
    const result = await checkTarget(await wire.trialTarget(config), this.progress)
    const found = result.promises.some(({ finding }) => finding !== null)
    const status = found ? EXIT.FINDINGS : EXIT.DONE
    return { result, text: targetCheckText(result), status }
  }
}
