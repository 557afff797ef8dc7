import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, serverFlags } from '#cli/flags'
import { personArgument } from '#cli/person-argument'
import { wire } from '#cli/wire'
import { userText } from '#report/user-text'
import { showUser } from '#workflow/credential/people'

export default class UserShow extends BaseCommand {
  static override summary = 'one person: accounts, second factor, sessions, attempts left'

  static override description =
    'Shows which accounts stand for the person, whether each is locked and holds rights, and how many wrong attempts are left before the first wait.'

  static override examples = ['<%= config.bin %> <%= command.id %> alice']

  static override args = personArgument
  static override flags = { ...serverFlags }

  protected override async execute(): Promise<Outcome<object>> {
    const { args, flags } = await this.parse(UserShow)
    const server = await wire.server(await configFrom(flags))
    const result = await showUser(server, args.person)
    return { result, text: userText(result) }
  }
}
