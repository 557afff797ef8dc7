import { boolean, string } from '@oclif/core/flags'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFlags, configFrom, policyFrom } from '#cli/flags'
import { monthlyOptions } from '#cli/schedule-wiring'
import { EXIT } from '#core/errors'
import { monthlyText } from '#report/monthly-text'
import { reportMonthly } from '#workflow/report/report-monthly'

export default class ReportMonthly extends BaseCommand {
  static override summary = "write last month's reports into their folder, as pages"

  static override description =
    'For the schedule: the pages that `reports` of the recovery policy names, into a folder of the month below `reports_directory` of ecomdb.yaml. Once all of a month are there they are kept; one that cannot be made takes no other with it. Exit status 3 when a new page tells of something to look at: a drill that failed, an audit that does not hold.'

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --month 2013-11 --again',
  ]

  static override exits = [EXIT.FINDINGS]

  static override flags = {
    month: string({ helpValue: 'MONTH', summary: 'another one that is over, e.g. 2026-10' }),
    again: boolean({ default: false, summary: 'write anew what is there' }),
    ...configFlags,
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(ReportMonthly)
    const config = await configFrom({ config: flags.config })
    const options = monthlyOptions(config, await policyFrom(config), flags, this.progress)
    const result = await reportMonthly(options)
    const status = result.pages.some(page => page.status !== 0) ? EXIT.FINDINGS : EXIT.DONE
    return { result, text: monthlyText(result), status }
  }
}
