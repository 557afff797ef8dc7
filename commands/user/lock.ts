import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, serverFlags } from '#cli/flags'
import { personArgument } from '#cli/person-argument'
import { wire } from '#cli/wire'
import { userText } from '#report/user-text'
import { lockUser } from '#workflow/credential/people'

export default class UserLock extends BaseCommand {
  static override summary = 'let a person log in no more, and end every session'

  static override description =
    'No session is given from now on; those that are open are locked, killed and dropped. Other accounts of the person are shown, and not changed.'

  static override examples = ['<%= config.bin %> <%= command.id %> alice']

  static override args = personArgument
  static override flags = { ...serverFlags }

  protected override async execute(): Promise<Outcome<object>> {
    const { args, flags } = await this.parse(UserLock)
    const server = await wire.server(await configFrom(flags))
    const result = await lockUser(server, args.person)
    return { result, text: userText(result) }
  }
}
