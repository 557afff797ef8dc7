import { string } from '@oclif/core/args'
import { boolean, integer, string as text } from '@oclif/core/flags'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { drillPlace } from '#cli/drill-wiring'
import { parseDuration } from '#cli/duration'
import { configFrom, fromFlag, identityFlags, policyFrom, targetFlags } from '#cli/flags'
import { engineFor } from '#cli/wire'
import { checkOutput, writeOutput } from '#cli/write-output'
import { systemClock } from '#core/clock'
import { EXIT, type ExitStatus } from '#core/errors'
import type { DrillReport } from '#domain/backup/drill-report'
import { drillReportHtml } from '#report/drill-html'
import { drillReportText } from '#report/drill-text'
import { drillSnapshot } from '#workflow/restore/drill-snapshot'

export default class Drill extends BaseCommand {
  static override summary = 'restore a snapshot into a private server and prove its content'

  static override description =
    'Starts a private server of the same engine without network, events and binary log, restores into it, and compares: signature, every chunk by reading it back, row counts, definitions, views, routines, triggers, events, accounts and grants, and the business probes recorded at backup time. Measures how long it took (RTO) and how old the snapshot is (RPO), signs the result into the repository, and removes the server. The objectives are those of the recovery policy. Any difference is named, with exit status 13; a missed objective gives 14, and a result that could not be stored 3.'

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --turn --any-moment',
    '<%= config.bin %> <%= command.id %> latest --html drill.html --rto 15m --rpo 26h',
  ]

  static override exits = [EXIT.FINDINGS, EXIT.OBJECTIVE_MISSED, EXIT.TOOL_FAILED]

  static override args = {
    snapshot: string({
      description: "a snapshot id, the beginning of one, or 'latest'",
      default: 'latest',
    }),
  }

  static override flags = {
    html: text({ helpValue: 'FILE', summary: 'write the report as a page, too' }),
    rto: text({
      helpValue: 'TIME',
      summary: "instead of the policy's objective for restoring: 90s, 15m, 4h",
    }),
    rpo: text({
      helpValue: 'TIME',
      summary: "instead of the policy's for the snapshot's age: 26h",
    }),
    turn: boolean({
      summary:
        'from the repository or the copy that is here whose last drill is the oldest; servers, rows and data files by turns',
      exclusive: ['from', 'target'],
    }),
    'any-moment': boolean({
      default: false,
      summary: 'restore a second of the archived binary log as well, drawn by lot',
    }),
    connections: integer({ default: 2, min: 1, max: 32, summary: 'for loading and reading back' }),
    ...targetFlags,
    ...fromFlag,
    ...identityFlags,
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { args, flags } = await this.parse(Drill)
    await checkOutput(flags.html, '--html')
    const config = await configFrom(flags)
    const policy = await policyFrom(config)
    const rtoMs = parseDuration(flags.rto) ?? policy.objectives.rtoMs
    const rpoMs = parseDuration(flags.rpo) ?? policy.objectives.rpoMs
    const { turn } = flags
    const asked = { turn, snapshot: args.snapshot, rpoMs }
    const place = await drillPlace(config, asked, this.progress)
    const programsZone = config.server.timeZone
    const options = { ...place, keys: config.keys, programsZone, engineFor }
    const { connections, 'any-moment': anyMoment } = flags
    const report = await drillSnapshot(
      { ...options, objectives: { rtoMs, rpoMs }, connections, anyMoment, clock: systemClock },
      this.progress,
    )
    if (flags.html) await writeOutput(flags.html, drillReportHtml(report), '--html')
    return { result: report, text: drillReportText(report), status: statusOf(report) }
  }
}

function statusOf({ outcome, missed, unattested, unsteady }: DrillReport): ExitStatus {
  if (outcome === 'failed') return EXIT.VERIFICATION_FAILED
  if (missed.length > 0) return EXIT.OBJECTIVE_MISSED
  // A proof that nobody will find is none for retention.
  return unattested === undefined && !unsteady ? EXIT.DONE : EXIT.FINDINGS
}
