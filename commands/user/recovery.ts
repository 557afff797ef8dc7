import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, serverFlags } from '#cli/flags'
import { personArgument } from '#cli/person-argument'
import { wire } from '#cli/wire'
import { enrolmentText } from '#report/user-text'
import { renewRecoveryCodes } from '#workflow/credential/enroll'

export default class UserRecovery extends BaseCommand {
  static override summary = 'ten new recovery codes; those from before are void'

  static override description =
    'Each is 128 random bits, and is for one login. Whoever uses one must be enrolled again after it. They are shown once; a hash of each is kept.'

  static override examples = ['<%= config.bin %> <%= command.id %> alice']

  static override args = personArgument
  static override flags = { ...serverFlags }

  protected override async execute(): Promise<Outcome<object>> {
    const { args, flags } = await this.parse(UserRecovery)
    const config = await configFrom(flags)
    await this.askOperator(config)
    const server = await wire.server(config)
    const result = await renewRecoveryCodes(server, args.person)
    return { result, text: enrolmentText(result) }
  }
}
