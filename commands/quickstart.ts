import { join } from 'node:path'
import { string } from '@oclif/core/flags'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { initPorts } from '#cli/init-options'
import { ownName } from '#cli/own-name'
import { sandboxFlags } from '#cli/sandbox-flags'
import { engineFor } from '#cli/wire'
import { writeOutput } from '#cli/write-output'
import { systemClock } from '#core/clock'
import { EXIT } from '#core/errors'
import { drillReportHtml } from '#report/drill-html'
import { quickstartText } from '#report/quickstart-text'
import { quickstart } from '#workflow/quickstart/quickstart'
import { chooseData } from '#workflow/quickstart/quickstart-data'

export default class Quickstart extends BaseCommand {
  static override summary =
    'the main job once, on a private server: provision, load, report, back up, drill'

  static override description =
    "Nothing of your own is touched: server, configuration, keys and repository are made in a folder of ecomdb's state. Run it again whenever you like. The rows are the shop's own exports where ECOMDB_SHOP_DATA names their folder, and generated ones otherwise."

  static override examples = [
    '<%= config.bin %> quickstart',
    '<%= config.bin %> quickstart --engine mysql --scale 0.2',
  ]

  static override exits = [EXIT.VERIFICATION_FAILED, EXIT.TOOL_FAILED]

  static override flags = {
    engine: sandboxFlags.engine,
    scale: string({ summary: 'generate rows of this scale; 1 is 4.6 million (default 0.05)' }),
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(Quickstart)
    const engine = await engineFor(flags.engine)
    const data = chooseData(flags.scale, process.env)
    const ports = { engine, engineFor, data, init: initPorts, clock: systemClock }
    const result = await quickstart(ports, this.progress)
    await writeOutput(join(result.folder, 'drill.html'), drillReportHtml(result.drill), '--html')
    const status = result.drill.outcome === 'passed' ? EXIT.DONE : EXIT.VERIFICATION_FAILED
    return { result, text: quickstartText(result, ownName()), status }
  }
}
