import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFlags, configFrom } from '#cli/flags'
import { installOptions, serviceFlags } from '#cli/service-place'
import { serviceFilesText } from '#report/install-text'
import { showSchedule } from '#workflow/schedule/install-schedule'

export default class ScheduleShow extends BaseCommand {
  static override summary = 'print the units or crontab lines that install would write'

  static override description =
    'For a look, and for those who put units in place by other means. Nothing is read but the configuration, and nothing is changed.'

  static override examples = [
    '<%= config.bin %> <%= command.id %> --with systemd',
    '<%= config.bin %> <%= command.id %> --with cron',
  ]

  static override flags = { ...serviceFlags, ...configFlags }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(ScheduleShow)
    const config = await configFrom(flags)
    const result = showSchedule(installOptions(config, flags, true))
    return { result, text: serviceFilesText(result.files) }
  }
}
