import { option, string } from '@oclif/core/flags'
import { accessFlags, accessPlace } from '#cli/access-flags'
import { ACCESS_REPORT_FORMATS, outputAccessReport } from '#cli/access-report-output'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom } from '#cli/flags'
import { outFlag } from '#cli/report-output'
import { systemClock } from '#core/clock'
import { parsePeriod } from '#domain/report/period'
import { reportAccess } from '#workflow/access/report-access'

export default class ReportAccess extends BaseCommand {
  static override summary = 'who has access, and what changed in a period: for an auditor'

  static override description =
    'People and what they reach, roles, programs, grants made and ended, second factors, what was done, and what does not follow the rules. Signed with keys.signing_key_file: the HTML page has the signed statement in it, JSON is that statement, beside a CSV file it stands as FILE.signed.json.'

  static override examples = [
    '<%= config.bin %> <%= command.id %> --from 2026-07-01 --to 2026-09-30 --format html --out access.html',
    '<%= config.bin %> <%= command.id %> --from 2026-07-01 --to 2026-09-30 --format csv --out access.csv',
  ]

  static override flags = {
    from: string({ required: true, helpValue: 'DAY', summary: 'first day, e.g. 2026-07-01' }),
    to: string({ required: true, helpValue: 'DAY', summary: 'last day, included' }),
    format: option({
      options: ACCESS_REPORT_FORMATS,
      default: 'html',
      summary: 'a page for a reader, a file for a spreadsheet, or a signed statement',
    })(),
    ...outFlag,
    ...accessFlags,
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(ReportAccess)
    const period = parsePeriod(flags.from, flags.to)
    // Its --from is a day, and not a copy of the repository.
    const config = await configFrom({ ...flags, from: undefined })
    const report = await reportAccess(period, await accessPlace(config, flags), systemClock)
    const { format, out } = flags
    return await outputAccessReport(report, format, out, config.keys.signingKeyFile)
  }
}
