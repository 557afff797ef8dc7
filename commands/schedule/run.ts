import { string } from '@oclif/core/args'
import { boolean } from '@oclif/core/flags'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFlags, configFrom, policyFrom } from '#cli/flags'
import { printEvent, scheduleContext } from '#cli/schedule-wiring'
import { EXIT } from '#core/errors'
import { worstStatus } from '#domain/schedule/decide-run'
import { ranText } from '#report/schedule-text'
import { runDueJobs, runJobNow, staySchedule } from '#workflow/schedule/run-schedule'

/** How long a job that is named waits for one that runs in its lane. */
const LANE_WAIT_MS = 6 * 3_600_000

export default class ScheduleRun extends BaseCommand {
  static override summary = 'run the jobs of this host when they are due'

  static override description =
    "Stays, and starts each job of the recovery policy's schedule as an ecomdb of its own: at its time in the policy's time zone, also over both changes of the clocks; once for what was missed while the host was off; again, later, when it failed. No job runs twice at a time, on one host or on several: the locks go with their holder, also after SIGKILL. With --due it runs what is due and ends, for cron. With a JOB it runs that one now, for systemd's timers, and ends as it ended."

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --due',
    '<%= config.bin %> <%= command.id %> verify',
  ]

  static override exits = [EXIT.FINDINGS, EXIT.LOCKED, EXIT.OBJECTIVE_MISSED, EXIT.TOOL_FAILED]

  static override args = {
    job: string({ description: 'one job of `ecomdb schedule list`, to be run now' }),
  }

  static override flags = {
    due: boolean({ summary: 'run what is due, and end' }),
    ...configFlags,
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { args, flags } = await this.parse(ScheduleRun)
    const config = await configFrom(flags)
    const print = printEvent(flags.progress, flags.quiet || this.jsonEnabled())
    const context = scheduleContext(config, await policyFrom(config), print)
    if (!args.job && !flags.due) return await staySchedule(context)
    const result = args.job
      ? {
          ran: [{ job: args.job, ...(await runJobNow(context, args.job, LANE_WAIT_MS)) }],
          busy: [],
        }
      : await runDueJobs(context, { byHand: process.stdin.isTTY || process.stderr.isTTY })
    return { result, text: ranText(result), status: worstStatus(result.ran) }
  }
}
