import { string as argument } from '@oclif/core/args'
import { option, string } from '@oclif/core/flags'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, dryRunFlag, serverFlags } from '#cli/flags'
import { wire } from '#cli/wire'
import { systemClock } from '#core/clock'
import { EXIT } from '#core/errors'
import { renderLoad } from '#report/load-text'
import { type LoadReport, loadFiles } from '#workflow/load-files'

export default class Load extends BaseCommand<LoadReport> {
  static override summary = 'load CSV files of any size, without losing or inventing a row'

  static override description =
    `Each file's table is found by its header, and columns are matched by name. A row that is there already is counted and left alone. A row that cannot be loaded goes to the rejects file with its line, the reason, and the row that it collides with; the exit status is then 3.

A load that was cut short goes on where it stopped when it is run again. Dates and times are taken as they are, TIMESTAMPs as UTC. The word NULL without quotes stands for NULL.`

  static override examples = [
    '<%= config.bin %> load exports/*.csv',
    '<%= config.bin %> load exports/*.csv --dry-run',
    '<%= config.bin %> load prices.csv --table products --on-conflict replace',
  ]

  static override exits = [EXIT.FINDINGS, EXIT.LOCKED]

  static override strict = false

  static override args = {
    file: argument({
      required: true,
      description: 'CSV files with a header, loaded in this order',
    }),
  }

  static override flags = {
    ...serverFlags,
    ...dryRunFlag,
    table: string({ helpValue: 'NAME', summary: 'the table, instead of finding it by the header' }),
    'on-conflict': option({
      options: ['reject', 'keep', 'replace'] as const,
      default: 'reject',
      summary: 'what to do with a row whose key is there with other content',
    })(),
    rejects: string({
      helpValue: 'FILE',
      summary: 'where rejects go (added to when it is there) [default: ecomdb-rejects-TIME.csv]',
    }),
  }

  protected override async execute(): Promise<Outcome<LoadReport>> {
    const { argv, flags } = await this.parse(Load)
    const { engine, connect } = await wire.server(await configFrom(flags))
    const options = {
      files: argv.map(String),
      table: flags.table,
      onConflict: flags['on-conflict'],
      dryRun: flags['dry-run'],
      rejectsFile: flags.rejects,
    }
    const ports = { progress: this.progress, clock: systemClock }
    const result = await loadFiles(engine.loader, connect, options, ports)
    const status = result.rejected > 0 ? EXIT.FINDINGS : EXIT.DONE
    return { result, text: renderLoad(result), status }
  }
}
