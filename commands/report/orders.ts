import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, serverFlags } from '#cli/flags'
import { outputReport, reportFlags } from '#cli/report-output'
import { wire } from '#cli/wire'
import { parsePeriod } from '#domain/report/period'
import { ordersTable } from '#report/shop-report'
import { reportOrders } from '#workflow/report/report-orders'

export default class ReportOrders extends BaseCommand {
  static override summary = 'orders and revenue of a period'

  static override description =
    'Calls the procedure order_performance, as `CALL order_performance(from, to)` does; no right on a table is needed.'

  static override examples = [
    '<%= config.bin %> <%= command.id %> --from 2013-11-01 --to 2013-12-31',
    '<%= config.bin %> <%= command.id %> --from 2013-11-01 --to 2013-11-30 --format html --out november.html',
  ]

  static override flags = { ...reportFlags, ...serverFlags }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(ReportOrders)
    const period = parsePeriod(flags.from, flags.to)
    // Its --from is a day, and not a copy of the repository.
    const server = await wire.server(await configFrom({ ...flags, from: undefined }))
    const report = await reportOrders(server, period)
    return await outputReport(report, ordersTable(report), flags)
  }
}
