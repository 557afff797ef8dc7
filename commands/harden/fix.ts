import { boolean, option } from '@oclif/core/flags'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, hardenPolicyFrom, serverFlags } from '#cli/flags'
import { wire } from '#cli/wire'
import { systemClock } from '#core/clock'
import { EXIT } from '#core/errors'
import { HARDENING_CHECKS } from '#domain/hardening/checks'
import { hardenFixText } from '#report/harden-fix-text'
import { fixHardening } from '#workflow/harden/fix-hardening'

export default class HardenFix extends BaseCommand {
  static override summary = 'mend what `harden check` finds, as far as a running server can'

  static override description =
    'Prints every statement that it would execute, and changes nothing. With --confirm it sets variables and installs components (SET PERSIST on MySQL; SET GLOBAL on MariaDB, with the lines that keep it), prints what needs the configuration file, checks again and says what is left. What changes an account, takes a privilege away or drops something is done for checks that --only names. After a step that could refuse the next connection it makes one, and puts the step back when it is refused. What the policy waives stays.'

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --only H17 --only H25 --confirm',
  ]

  static override exits = [EXIT.FINDINGS]

  static override flags = {
    confirm: boolean({ default: false, summary: 'do it; without this it is only said' }),
    only: option({
      options: HARDENING_CHECKS.map(({ id }) => id),
      multiple: true,
      default: [],
      helpValue: 'CHECK',
      summary: 'mend this check alone, accounts too; can be repeated',
    })(),
    ...serverFlags,
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(HardenFix)
    const config = await configFrom(flags)
    await this.askOperator(config, flags.confirm)
    const policy = await hardenPolicyFrom(config)
    const { engine, connect } = await wire.server(config)
    const { only, confirm } = flags
    const options = { connect, policy, clock: systemClock, only, confirm }
    const result = await fixHardening(engine, options, this.progress)
    const left = (result.after ?? result.before).counts.fail
    const status = left > 0 ? EXIT.FINDINGS : EXIT.DONE
    return { result, text: hardenFixText(result), status }
  }
}
