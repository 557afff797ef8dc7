import { string } from '@oclif/core/flags'
import { accessFlags } from '#cli/access-flags'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, dryRunFlag } from '#cli/flags'
import { endOf, giveRole, leaseArgs, leaseOutcome } from '#cli/lease-flags'
import { systemClock } from '#core/clock'
import { EXIT } from '#core/errors'

export default class Grant extends BaseCommand {
  static override summary = 'give a person a role, for a time and with a reason'

  static override description =
    'Every grant is a row: who, which role, why, on whose word, until when. The end is enforced three times: by `ecomdb access expire` in the schedule, at the start of each command that changes access, and by an event in the server that locks the person out and kills their sessions when neither came. Run twice it does one thing; another end takes the place of the first.'

  static override examples = [
    "<%= config.bin %> <%= command.id %> alice analyst --for 30d --reason 'quarterly figures' --ticket OPS-12 --approver bob",
    "<%= config.bin %> <%= command.id %> alice auditor --for 8h --reason 'yearly audit' --approver carol --dry-run",
  ]

  static override exits = [EXIT.FINDINGS, EXIT.LOCKED]

  static override args = leaseArgs('a role of the access policy')

  static override flags = {
    for: string({
      helpValue: 'TIME',
      summary: 'how long: 8h, 30d; without it, until it is revoked',
    }),
    reason: string({ required: true, helpValue: 'TEXT', summary: 'why the job needs it' }),
    ticket: string({ helpValue: 'ID', summary: 'where it was asked for' }),
    approver: string({ helpValue: 'PERSON', summary: 'who said yes' }),
    ...dryRunFlag,
    ...accessFlags,
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { args, flags } = await this.parse(Grant)
    const { reason, ticket = null, approver = null } = flags
    const endsAt = endOf(flags.for, systemClock)
    const request = { ...args, reason, ticket, approver, breakGlass: false, endsAt }
    const config = await configFrom(flags)
    await this.askOperator(config, !flags['dry-run'])
    return leaseOutcome(await giveRole(request, config, flags))
  }
}
