import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, serverFlags } from '#cli/flags'

import { wire } from '#cli/wire'
import { userListText } from '#report/user-text'
import { listUsers } from '#workflow/credential/people'

export default class UserList extends BaseCommand {
  static override summary = 'the people, and what a second factor is worth for each'

  static override description =
    'The level is read from the catalogue of the server, and never claimed beyond it: 0 where a password alone opens an account, 2 where the only way in is a session account that is made after password and code.'

  static override examples = ['<%= config.bin %> <%= command.id %>']

  static override flags = { ...serverFlags }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(UserList)
    const server = await wire.server(await configFrom(flags))
    const result = await listUsers(server)
    return { result, text: userListText(result) }
  }
}
