import { string } from '@oclif/core/flags'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, credentialPoliciesFrom, serverFlags } from '#cli/flags'
import { personArgument } from '#cli/person-argument'
import { newPasswordFlags, newPasswordFrom } from '#cli/secret-answers'
import { wire } from '#cli/wire'
import { systemClock } from '#core/clock'
import { passwordChangeText } from '#report/user-text'
import { addUser } from '#workflow/credential/set-password'

export default class UserAdd extends BaseCommand {
  static override summary = 'add a person, with an account that holds the password and nothing else'

  static override description =
    "The identity account is locked, has no rights, and exists for the broker's host alone: the server checks its password, and lets nobody in with it. The password is judged by the policy; every reason against it is named. Next: `ecomdb user enroll`, and a role."

  static override examples = [
    '<%= config.bin %> <%= command.id %> alice --name Alice --generate passphrase',
    '<%= config.bin %> <%= command.id %> bob --name Bob --new-password-file bob.password',
  ]

  static override args = personArgument

  static override flags = {
    name: string({ helpValue: 'TEXT', summary: 'the full name', required: true }),
    email: string({ helpValue: 'ADDRESS', summary: 'the e-mail address' }),
    ...newPasswordFlags,
    ...serverFlags,
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { args, flags } = await this.parse(UserAdd)
    const config = await configFrom(flags)
    const { password: policy } = await credentialPoliciesFrom(flags)
    const password = await newPasswordFrom(flags)
    const { identityHost } = config.broker
    const { person } = args
    const added = { person, fullName: flags.name, email: flags.email ?? null, identityHost }
    const server = await wire.server(config)
    const result = await addUser(server, added, { policy, password, clock: systemClock })
    return { result, text: passwordChangeText('added', result) }
  }
}
