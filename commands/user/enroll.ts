import { boolean } from '@oclif/core/flags'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { enrolInTerminal } from '#cli/enrol-dialog'
import { configFrom, serverFlags } from '#cli/flags'
import { personArgument } from '#cli/person-argument'

export default class UserEnroll extends BaseCommand {
  static override summary = "set up a person's one-time codes"

  static override description =
    "Shows a QR code for an authenticator app, and asks for a code of it, which is used up by that; then it gives ten recovery codes. The seed is sealed under keys.totp_key_file before it goes to the database, and shown this once. Where there is no terminal it ends after the QR code's content; --confirm then reads the code from standard input. An earlier enrolment is void at once."

  static override examples = [
    '<%= config.bin %> <%= command.id %> alice',
    '<%= config.bin %> <%= command.id %> alice --confirm',
  ]

  static override args = personArgument

  static override flags = {
    confirm: boolean({ summary: 'the code of an enrolment that was begun before' }),
    ...serverFlags,
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { args, flags } = await this.parse(UserEnroll)
    const config = await configFrom(flags)
    await this.askOperator(config, !flags.confirm)
    return await enrolInTerminal(config, args.person, flags.confirm)
  }
}
