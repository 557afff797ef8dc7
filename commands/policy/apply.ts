import { boolean } from '@oclif/core/flags'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, passwordPolicyFrom, serverFlags } from '#cli/flags'
import { wire } from '#cli/wire'
import { systemClock } from '#core/clock'
import { EXIT } from '#core/errors'
import { appliedPolicyText } from '#report/server-policy-text'
import { applyServerPolicy } from '#workflow/credential/server-policy'

export default class PolicyApply extends BaseCommand {
  static override summary = 'give the server the password rules of the policy'

  static override description =
    "Prints what it would execute, and changes nothing. With --confirm it installs MySQL's component validate_password, or MariaDB's plugins simple_password_check and password_reuse_check, sets them and what else `policy check` names, and compares again. On MySQL that holds after a restart (SET PERSIST); for MariaDB it prints the lines of the configuration file. It does so on this server and on no replica: run it for each. Rules that the engine does not have stay with ecomdb alone. It exits 3 when departures are left."

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --confirm',
  ]

  static override exits = [EXIT.FINDINGS]

  static override flags = {
    confirm: boolean({ default: false, summary: 'do it; without this it is only said' }),
    ...serverFlags,
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(PolicyApply)
    const config = await configFrom(flags)
    await this.askOperator(config, flags.confirm)
    const policy = await passwordPolicyFrom(config)
    const server = await wire.server(config)
    const result = await applyServerPolicy(server, policy, flags.confirm, systemClock)
    const left = (result.after ?? result.before).departures
    const status = left > 0 ? EXIT.FINDINGS : EXIT.DONE
    return { result, text: appliedPolicyText(result), status }
  }
}
