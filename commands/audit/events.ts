import { integer, option, string } from '@oclif/core/flags'
import { auditedServer, trustedByAudit } from '#cli/audit-wiring'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { eventMoment } from '#cli/event-moment'
import { configFrom, serverFlags } from '#cli/flags'
import { EXIT } from '#core/errors'
import { isBadSeal, OPERATION_NAMES } from '#domain/audit/listed-event'
import { eventsText } from '#report/audit-events-text'
import { listEvents } from '#workflow/audit/list-events'

export default class AuditEvents extends BaseCommand {
  static override summary = 'who did what when, from the audit trail'

  static override description =
    'The newest events, oldest of them first: changes of audited rows, chats that were read and why, what ecomdb did, and changed rights and refused logins that the sealer saw. Says of each whether it is in a batch that a trusted signer signed, and is still what was signed: the exit status is 13 where one is not. The rows themselves, the roots and the anchors are not compared: `ecomdb audit verify` does that.'

  static override examples = [
    '<%= config.bin %> <%= command.id %> --table chat_messages --row 17',
    '<%= config.bin %> <%= command.id %> --actor alice --since 2026-11-01 --operation update',
  ]

  static override exits = [EXIT.VERIFICATION_FAILED]

  static override flags = {
    table: string({ helpValue: 'NAME', summary: 'only of this table' }),
    row: string({ helpValue: 'KEY', summary: 'only of the row with this primary key' }),
    actor: string({
      helpValue: 'NAME',
      summary: 'only by this person, user, or account (USER@HOST)',
    }),
    operation: option({ options: OPERATION_NAMES, summary: 'only of this kind' })(),
    since: string({ helpValue: 'TIME', summary: 'a day, a time (UTC), or how long ago: 24h' }),
    until: string({ helpValue: 'TIME', summary: 'as --since; itself not included' }),
    limit: integer({ default: 50, min: 1, max: 100_000, summary: 'at most so many, the newest' }),
    ...serverFlags,
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(AuditEvents)
    const config = await configFrom(flags)
    const { table = null, row = null, actor = null, operation = null, limit } = flags
    const [since, until] = [eventMoment(flags.since), eventMoment(flags.until)]
    const filter = { table, row, actor, operation, since, until, limit }
    const trustedSigners = trustedByAudit(config)
    const result = await listEvents(await auditedServer(config), filter, trustedSigners)
    const isBad = result.events.some(({ seal }) => isBadSeal(seal))
    const status = isBad ? EXIT.VERIFICATION_FAILED : EXIT.DONE
    return { result, text: eventsText(result), status }
  }
}
