import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, credentialPoliciesFrom, serverFlags } from '#cli/flags'
import { personArgument } from '#cli/person-argument'
import { wire } from '#cli/wire'
import { userText } from '#report/user-text'
import { unlockUser } from '#workflow/credential/people'

export default class UserUnlock extends BaseCommand {
  static override summary = 'let a person log in again, and forget wrong attempts'

  static override description =
    'Takes back `ecomdb user lock`, ends a wait after wrong codes, and has the server answer again after wrong passwords. The identity account itself stays locked: that is how it checks passwords.'

  static override examples = ['<%= config.bin %> <%= command.id %> alice']

  static override args = personArgument

  static override flags = { ...serverFlags }

  protected override async execute(): Promise<Outcome<object>> {
    const { args, flags } = await this.parse(UserUnlock)
    const { password } = await credentialPoliciesFrom(flags)
    const config = await configFrom(flags)
    await this.askOperator(config)
    const server = await wire.server(config)
    const result = await unlockUser(server, args.person, password.lockout)
    return { result, text: userText(result) }
  }
}
