import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFlags, configFrom, policyFrom } from '#cli/flags'
import { scheduleContext } from '#cli/schedule-wiring'
import { EXIT } from '#core/errors'
import { scheduleText } from '#report/schedule-text'
import { listSchedule } from '#workflow/schedule/list-schedule'

export default class ScheduleList extends BaseCommand {
  static override summary = 'list the jobs of this host: when, last success, next run'

  static override description =
    'Reads the schedule of the recovery policy, and what is known of each job on this host. A job whose last run failed, one that nobody has begun, and a scheduler that has stopped are named, with exit status 3. Run it as the user whose jobs they are: each has a state of its own.'

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --json',
  ]

  static override exits = [EXIT.FINDINGS]

  static override flags = { ...configFlags }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(ScheduleList)
    const config = await configFrom(flags)
    const result = await listSchedule(scheduleContext(config, await policyFrom(config)))
    const status = result.problems.length > 0 ? EXIT.FINDINGS : EXIT.DONE
    return { result, text: scheduleText(result), status }
  }
}
