import { string } from '@oclif/core/flags'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, serverFlags } from '#cli/flags'
import { outputReport, reportFlags } from '#cli/report-output'
import { wire } from '#cli/wire'
import { EXIT } from '#core/errors'
import { parsePeriod, parseRepresentativeId } from '#domain/report/period'
import { chatsTable } from '#report/shop-report'
import { handledChats } from '#workflow/chat/handled-chats'

export default class ChatHandled extends BaseCommand {
  static override summary =
    'chats handled by each representative; that you asked, and why, is recorded'

  static override description =
    "As `ecomdb report chats`, through the procedure chats_handled of the audit's database, which writes who asks for what and why into the audit trail before it gives anything away. EXECUTE on it is all that is needed, and no right on a table."

  static override examples = [
    '<%= config.bin %> <%= command.id %> --from 2014-01-01 --to 2014-04-30 --reason quarterly-review',
    '<%= config.bin %> <%= command.id %> --representative 3 --from 2014-01-01 --to 2014-01-31 --reason ticket-4711',
  ]

  static override exits = [EXIT.PRIVILEGE_MISSING]

  static override flags = {
    ...reportFlags,
    representative: string({ helpValue: 'ID', summary: 'only this support member' }),
    reason: string({ required: true, helpValue: 'TEXT', summary: 'why, for whoever audits it' }),
    ...serverFlags,
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(ChatHandled)
    const period = parsePeriod(flags.from, flags.to)
    const representative = parseRepresentativeId(flags.representative)
    // Its --from is a day, and not a copy of the repository.
    const server = await wire.server(await configFrom({ ...flags, from: undefined }))
    const report = await handledChats(server, representative, period, flags.reason)
    return await outputReport(report, chatsTable(report), flags)
  }
}
