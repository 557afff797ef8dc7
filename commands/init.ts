import { boolean, option, string } from '@oclif/core/flags'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { dryRunFlag, serverFlags, targetFlags } from '#cli/flags'
import { initOptions, initPorts } from '#cli/init-options'
import { EXIT } from '#core/errors'
import { initText } from '#report/init-text'
import { initialize } from '#workflow/init/initialize'

const { config: _config, ...connection } = serverFlags

export default class Init extends BaseCommand {
  static override summary = 'make ecomdb.yaml, keys and an empty repository'

  static override description =
    'Asks for what flags and environment do not give; without a terminal, or with --yes, it asks nothing. What is there already is kept: no key and no configuration is ever overwritten. The server is not touched.'

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --yes --socket /run/mysqld/mysqld.sock --user root --target ./backups',
    '<%= config.bin %> <%= command.id %> --dry-run --target ./backups',
  ]

  static override onlyExits = [EXIT.NO_REPOSITORY, EXIT.TOOL_FAILED, EXIT.BAD_CONFIGURATION]

  static override flags = {
    folder: string({
      default: '.',
      helpValue: 'FOLDER',
      summary: 'where ecomdb.yaml and keys/ go',
    }),
    'runs-on': option({
      options: ['all', 'database'] as const,
      summary: 'database: both private keys are to be taken away (default all: a trial)',
    })(),
    yes: boolean({ char: 'y', default: false, summary: 'ask nothing' }),
    ...dryRunFlag,
    ...connection,
    target: targetFlags.target,
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(Init)
    const options = await initOptions(flags, this.jsonEnabled())
    const result = await initialize(options, initPorts, this.progress)
    return { result, text: initText(result) }
  }
}
