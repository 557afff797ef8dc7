import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFlags, configFrom, dryRunFlag } from '#cli/flags'
import { warnOfHeldDisks } from '#cli/held-disks'
import { installOptions, serviceFlags } from '#cli/service-place'
import { EXIT } from '#core/errors'
import { installText } from '#report/install-text'
import { installSchedule } from '#workflow/schedule/install-schedule'

export default class ScheduleInstall extends BaseCommand {
  static override summary = 'have the schedule run by systemd or cron'

  static override description =
    'With systemd: a service that runs `ecomdb schedule run` with few rights, and a timer that looks at the backups every hour from outside, so that a scheduler that has stopped is told of too. `systemd-analyze verify` checks the units where it is installed; where systemd runs, they are started. With cron: two lines in your crontab, between marks; all other lines stay as they are. Run it again after moving ecomdb or its configuration. Secrets are in neither: the jobs read the files that ecomdb.yaml names.'

  static override examples = [
    '<%= config.bin %> <%= command.id %> --with systemd --user ecomdb',
    '<%= config.bin %> <%= command.id %> --with cron --dry-run',
  ]

  static override exits = [EXIT.TOOL_FAILED]

  static override flags = { ...serviceFlags, ...dryRunFlag, ...configFlags }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(ScheduleInstall)
    const config = await configFrom(flags)
    if (process.env['ECOMDB_PASSWORD']) {
      this.progress.warn('the jobs will not have ECOMDB_PASSWORD: name a server.password_file')
    }
    if (flags.with === 'systemd')
      for (const warning of await warnOfHeldDisks(config)) this.progress.warn(warning)
    const result = await installSchedule(installOptions(config, flags, flags['dry-run']))
    return { result, text: installText(result, 'wrote') }
  }
}
