import { string } from '@oclif/core/flags'
import { accessFlags } from '#cli/access-flags'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, dryRunFlag } from '#cli/flags'
import { endOf, giveRole, leaseArgs, leaseOutcome } from '#cli/lease-flags'
import { systemClock } from '#core/clock'
import { EXIT } from '#core/errors'

export default class AccessBreakGlass extends BaseCommand {
  static override summary =
    'give a person a role in an emergency, when nobody is there to approve it'

  static override description =
    'For four hours at most, and with a reason. It ends as every grant does, by the event in the server too. While it is open `ecomdb status --server` and `ecomdb access grants` end with 3 and name it; it stays in the record of operations and in `ecomdb report access` as an exception. It gives a role, and no way around the second factor.'

  static override examples = [
    "<%= config.bin %> <%= command.id %> alice dba --for 30m --reason 'orders hang, bob does not answer' --ticket INC-7",
  ]

  static override exits = [EXIT.FINDINGS, EXIT.LOCKED]

  static override args = leaseArgs('a role of the access policy')

  static override flags = {
    for: string({ required: true, helpValue: 'TIME', summary: 'how long, at most 4h: 30m, 2h' }),
    reason: string({ required: true, helpValue: 'TEXT', summary: 'what happened' }),
    ticket: string({ helpValue: 'ID', summary: 'the incident' }),
    ...dryRunFlag,
    ...accessFlags,
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { args, flags } = await this.parse(AccessBreakGlass)
    const { reason, ticket = null } = flags
    const endsAt = endOf(flags.for, systemClock)
    const request = { ...args, reason, ticket, approver: null, breakGlass: true, endsAt }
    const config = await configFrom(flags)
    await this.askOperator(config, !flags['dry-run'])
    return leaseOutcome(await giveRole(request, config, flags))
  }
}
