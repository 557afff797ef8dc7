import { option, string } from '@oclif/core/flags'
import {
  anchorFlag,
  anchorsFrom,
  auditedServer,
  auditPolicyFrom,
  fewerAnchorsFlag,
  trustedByAudit,
} from '#cli/audit-wiring'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, serverFlags } from '#cli/flags'
import { outFlag } from '#cli/report-output'
import { verifyStatus } from '#cli/verify-status'
import { writeOutput } from '#cli/write-output'
import { systemClock } from '#core/clock'
import { EXIT } from '#core/errors'
import { parsePeriod } from '#domain/report/period'
import { AUDIT_REPORT_FORMATS, renderAuditReport } from '#report/audit-report'
import { reportAudit } from '#workflow/audit/report-audit'
import { openServerTrail } from '#workflow/audit/verify-trail'

export default class ReportAudit extends BaseCommand {
  static override summary = 'who did what in a period, and whether the audit trail holds'

  static override description =
    'Verifies the whole trail as `ecomdb audit verify` does, and shows of the period: the findings, events of each day, table and account, chats handled, rows changed and deleted (the commitments of before and after, never the rows), chats read and why, what ecomdb did, changed rights and refused logins. The exit status is that of the verification: 3 with findings, 13 where a signature or a root does not hold.'

  static override examples = [
    '<%= config.bin %> <%= command.id %> --from 2026-11-01 --to 2026-11-30 --format html --out audit.html',
    '<%= config.bin %> <%= command.id %> --from 2026-11-01 --to 2026-11-30 --format csv --out audit.csv',
  ]

  static override exits = [EXIT.FINDINGS, EXIT.LOCKED, EXIT.VERIFICATION_FAILED]

  static override flags = {
    from: string({ required: true, helpValue: 'DAY', summary: 'first day (UTC), e.g. 2026-11-01' }),
    to: string({ required: true, helpValue: 'DAY', summary: 'last day, included' }),
    format: option({
      options: AUDIT_REPORT_FORMATS,
      default: 'html',
      summary: 'a page for a reader, a file for a spreadsheet, or everything for a program',
    })(),
    ...outFlag,
    ...anchorFlag,
    ...fewerAnchorsFlag,
    ...serverFlags,
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(ReportAudit)
    const period = parsePeriod(flags.from, flags.to)
    // Its --from is a day, and not a copy of the repository.
    const config = await configFrom({ ...flags, from: undefined })
    const [policy, trustedSigners] = [await auditPolicyFrom(config), trustedByAudit(config)]
    const server = await auditedServer(config)
    const source = await openServerTrail(server, await anchorsFrom(config, flags.anchor))
    const trust = { policy, trustedSigners, fewerAnchors: flags['fewer-anchors'] }
    const options = { ...trust, period, clock: systemClock }
    const report = await reportAudit(server, source, options, this.progress).finally(() =>
      source.close(),
    )
    const text = renderAuditReport(report, flags.format)
    const status = verifyStatus(report.verification)
    if (flags.out === undefined) return { result: report, text, status }
    const file = await writeOutput(flags.out, text, '--out')
    return { result: { ...report, file }, text: `wrote ${file}`, status }
  }
}
