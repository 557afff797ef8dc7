import { string } from '@oclif/core/flags'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFlags, configFrom } from '#cli/flags'
import { installOptions, serviceFlags } from '#cli/service-place'
import { EcomdbError, EXIT } from '#core/errors'
import { installText } from '#report/install-text'
import { removeSchedule } from '#workflow/schedule/install-schedule'

export default class ScheduleRemove extends BaseCommand {
  static override summary = 'take away what schedule install made'

  static override description =
    'Stops and removes the units of this name, or takes the marked lines of this configuration out of your crontab. Nothing else is touched, no backup and no state. Without --confirm it says what would go.'

  static override examples = [
    '<%= config.bin %> <%= command.id %> --with systemd',
    '<%= config.bin %> <%= command.id %> --with cron --confirm ecomdb',
  ]

  static override exits = [EXIT.TOOL_FAILED]

  static override flags = {
    ...serviceFlags,
    confirm: string({ helpValue: 'NAME', summary: 'do it; NAME is that of the units' }),
    ...configFlags,
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(ScheduleRemove)
    const { confirm, name } = flags
    if (confirm !== undefined && confirm !== name) {
      throw new EcomdbError('CONFIRMATION_REQUIRED', {
        what: `will not remove the schedule: --confirm says ${confirm}`,
        hints: [`confirm with --confirm ${name}`],
      })
    }
    const options = installOptions(await configFrom(flags), flags, confirm === undefined)
    const result = await removeSchedule(options)
    return { result, text: installText(result, 'removed') }
  }
}
