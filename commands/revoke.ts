import { string } from '@oclif/core/flags'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, dryRunFlag, serverFlags } from '#cli/flags'
import { leaseArgs, leaseOutcome } from '#cli/lease-flags'
import { wire } from '#cli/wire'
import { systemClock } from '#core/clock'
import { EXIT } from '#core/errors'
import { revokeRole } from '#workflow/access/revoke-role'

export default class Revoke extends BaseCommand {
  static override summary = 'take a role from a person, and end their sessions'

  static override description =
    'On MariaDB an open session reads on with a role that was revoked, so sessions are killed on both engines. Run twice it does one thing.'

  static override examples = [
    "<%= config.bin %> <%= command.id %> alice analyst --reason 'changed jobs'",
  ]

  static override exits = [EXIT.FINDINGS, EXIT.LOCKED]

  static override args = leaseArgs('a role that the person holds')

  static override flags = {
    reason: string({
      required: true,
      helpValue: 'TEXT',
      summary: 'why, for whoever reads it later',
    }),
    ...dryRunFlag,
    ...serverFlags,
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { args, flags } = await this.parse(Revoke)
    const request = { ...args, reason: flags.reason }
    const place = await wire.server(await configFrom(flags))
    return leaseOutcome(await revokeRole(request, flags['dry-run'], place, systemClock))
  }
}
