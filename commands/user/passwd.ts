import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, credentialPoliciesFrom, serverFlags } from '#cli/flags'
import { personArgument } from '#cli/person-argument'
import { newPasswordFlags, newPasswordFrom } from '#cli/secret-answers'
import { wire } from '#cli/wire'
import { systemClock } from '#core/clock'
import { passwordChangeText } from '#report/user-text'
import { changePassword } from '#workflow/credential/set-password'

export default class UserPasswd extends BaseCommand {
  static override summary = 'give a person a new password'

  static override description =
    'The password comes from a prompt, a file, a descriptor, or is made and shown once; never from an argument. Every reason that the policy has against it is named, and none repeats it.'

  static override examples = [
    '<%= config.bin %> <%= command.id %> alice --generate random',
    '<%= config.bin %> <%= command.id %> alice --new-password-file alice.password',
  ]

  static override args = personArgument

  static override flags = { ...newPasswordFlags, ...serverFlags }

  protected override async execute(): Promise<Outcome<object>> {
    const { args, flags } = await this.parse(UserPasswd)
    const { password: policy } = await credentialPoliciesFrom(flags)
    const config = await configFrom(flags)
    await this.askOperator(config)
    const password = await newPasswordFrom(flags)
    const server = await wire.server(config)
    const options = { policy, password, clock: systemClock }
    const result = await changePassword(server, args.person, options)
    return { result, text: passwordChangeText('changed', result) }
  }
}
