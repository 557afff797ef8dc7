import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, dryRunFlag, serverFlags } from '#cli/flags'
import { leaseOutcome } from '#cli/lease-flags'
import { wire } from '#cli/wire'
import { systemClock } from '#core/clock'
import { EXIT } from '#core/errors'
import { expireLeases } from '#workflow/access/revoke-role'

export default class AccessExpire extends BaseCommand {
  static override summary = 'end the grants whose time is over'

  static override description =
    'For the schedule, each minute or so: takes the roles, ends the sessions, and opens again what the dead-man in the server has locked meanwhile. Does nothing when there is nothing to do. Exit status 3: the dead-man had to act, or a session did not end.'

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --dry-run',
  ]

  static override exits = [EXIT.FINDINGS, EXIT.LOCKED]

  static override flags = { ...dryRunFlag, ...serverFlags }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(AccessExpire)
    const place = await wire.server(await configFrom(flags))
    return leaseOutcome(await expireLeases(flags['dry-run'], place, systemClock))
  }
}
