import { string } from '@oclif/core/flags'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, serverFlags } from '#cli/flags'
import { outputReport, reportFlags } from '#cli/report-output'
import { wire } from '#cli/wire'
import { parsePeriod, parseRepresentativeId } from '#domain/report/period'
import { chatsTable } from '#report/shop-report'
import { reportChats } from '#workflow/report/report-chats'

export default class ReportChats extends BaseCommand {
  static override summary = 'chats handled by each representative in a period'

  static override description =
    'Calls the procedure chats_handled, as `CALL chats_handled(representative, from, to)` does; no right on a table is needed.'

  static override examples = [
    '<%= config.bin %> <%= command.id %> --from 2014-01-01 --to 2014-04-30',
    '<%= config.bin %> <%= command.id %> --from 2014-01-01 --to 2014-01-31 --representative 3 --format csv',
  ]

  static override flags = {
    ...reportFlags,
    representative: string({ helpValue: 'ID', summary: 'only this support member' }),
    ...serverFlags,
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(ReportChats)
    const period = parsePeriod(flags.from, flags.to)
    const representative = parseRepresentativeId(flags.representative)
    // Its --from is a day, and not a copy of the repository.
    const server = await wire.server(await configFrom({ ...flags, from: undefined }))
    const report = await reportChats(server, representative, period)
    return await outputReport(report, chatsTable(report), flags)
  }
}
