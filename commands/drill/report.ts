import { string } from '@oclif/core/flags'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, fromFlag, policyFrom, targetFlags } from '#cli/flags'
import { wire } from '#cli/wire'
import { checkOutput, writeOutput } from '#cli/write-output'
import { systemClock } from '#core/clock'
import { EXIT } from '#core/errors'
import { drillVerdict } from '#domain/status/drill-verdict'
import { drillHistoryHtml } from '#report/drill-history'
import { drillHistory } from '#workflow/status/drill-history'

export default class DrillReportCommand extends BaseCommand {
  static override summary = 'write the drills of the past as a page, with plots over time'

  static override description =
    'RTO, RPO and size over time, with the objectives of the recovery policy, and a table of all drills: one file, without scripts, that can be printed or mailed. The exit status is that of `ecomdb drill history`.'

  static override examples = ['<%= config.bin %> <%= command.id %> --out drills.html']

  static override exits = [EXIT.FINDINGS, EXIT.OBJECTIVE_MISSED]

  static override flags = {
    out: string({ required: true, helpValue: 'FILE', summary: 'the page to write' }),
    ...targetFlags,
    ...fromFlag,
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(DrillReportCommand)
    await checkOutput(flags.out, '--out')
    const config = await configFrom(flags)
    const { objectives, brake } = await policyFrom(config)
    const history = await drillHistory(await wire.target(config), config.keys.trustedSigners)
    const servers = history.servers.filter(one => !brake.formerServers.includes(one))
    const { status, text: verdict } = drillVerdict(
      history.drills,
      servers,
      objectives,
      systemClock.now(),
    )
    const page = drillHistoryHtml({ ...history, servers, objectives, verdict })
    const file = await writeOutput(flags.out, page, '--out')
    return { result: { file, drills: history.drills.length }, text: `${file}\n${verdict}`, status }
  }
}
