import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, passwordPolicyFrom, serverFlags } from '#cli/flags'
import { wire } from '#cli/wire'
import { systemClock } from '#core/clock'
import { EXIT } from '#core/errors'
import { serverPolicyText } from '#report/server-policy-text'
import { checkServerPolicy } from '#workflow/credential/server-policy'

export default class PolicyCheck extends BaseCommand {
  static override summary = "compare the server's own password rules with the policy"

  static override description =
    'Says for each rule of the policy what the server itself asks for, from whoever sets a password without ecomdb: the same, more, less (a departure), a part of it, or nothing, where neither engine has such a rule. It changes nothing, and exits 3 on a departure. It needs an account that sees everything: an administrator, or ecomdb_backup.'

  static override examples = ['<%= config.bin %> <%= command.id %>']

  static override exits = [EXIT.FINDINGS]

  static override flags = { ...serverFlags }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(PolicyCheck)
    const config = await configFrom(flags)
    const policy = await passwordPolicyFrom(config)
    const result = await checkServerPolicy(await wire.server(config), policy, systemClock)
    const status = result.departures > 0 ? EXIT.FINDINGS : EXIT.DONE
    return { result, text: serverPolicyText(result), status }
  }
}
