import { string } from '@oclif/core/flags'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, hardenPolicyFrom, serverFlags } from '#cli/flags'
import { wire } from '#cli/wire'
import { checkOutput, writeOutput } from '#cli/write-output'
import { systemClock } from '#core/clock'
import { EXIT } from '#core/errors'
import { hardenReportHtml } from '#report/harden-html'
import { hardenReportText } from '#report/harden-text'
import { checkHardening } from '#workflow/harden/check-hardening'

export default class HardenCheck extends BaseCommand {
  static override summary = 'check the server and its accounts against thirty rules'

  static override description =
    'Reads settings, accounts, roles, privileges, definers and plugins from the catalogue tables, judges them, and changes nothing. Each check says what it found, why it matters, where CIS, PCI DSS or ASVS ask for it, and what mends it. What the policy waives is shown with reason and end. It exits 3 when a check fails. It needs an account that sees everything: an administrator, or ecomdb_backup.'

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --html harden.html',
  ]

  static override exits = [EXIT.FINDINGS]

  static override flags = {
    html: string({ helpValue: 'FILE', summary: 'write the report as a page, too' }),
    ...serverFlags,
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(HardenCheck)
    await checkOutput(flags.html, '--html')
    const config = await configFrom(flags)
    const policy = await hardenPolicyFrom(config)
    const { engine, connect } = await wire.server(config)
    const options = { connect, policy, clock: systemClock }
    const report = await checkHardening(engine, options, this.progress)
    if (flags.html) await writeOutput(flags.html, hardenReportHtml(report), '--html')
    const status = report.counts.fail > 0 ? EXIT.FINDINGS : EXIT.DONE
    return { result: report, text: hardenReportText(report), status }
  }
}
