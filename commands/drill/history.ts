import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, fromFlag, policyFrom, targetFlags } from '#cli/flags'
import { wire } from '#cli/wire'
import { systemClock } from '#core/clock'
import { EXIT } from '#core/errors'
import { drillVerdict } from '#domain/status/drill-verdict'
import { drillHistoryText } from '#report/drill-history'
import { drillHistory } from '#workflow/status/drill-history'

export default class DrillHistoryCommand extends BaseCommand {
  static override summary = 'list every drill of the past, from its signed attestation'

  static override description =
    'Needs no identity. Exit status 13 when the newest drill of a server failed, or the newest of its rows or of its data files in one place whose snapshot is still there; 14 when it missed an objective, or is older than the recovery policy promises; 3 when there is none, or an attestation is not believed.'

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --from disk-a --json',
  ]

  static override exits = [EXIT.FINDINGS, EXIT.OBJECTIVE_MISSED]

  static override flags = { ...targetFlags, ...fromFlag }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(DrillHistoryCommand)
    const config = await configFrom(flags)
    const { objectives, brake } = await policyFrom(config)
    const result = await drillHistory(await wire.target(config), config.keys.trustedSigners)
    const servers = result.servers.filter(one => !brake.formerServers.includes(one))
    const { status, text } = drillVerdict(result.drills, servers, objectives, systemClock.now())
    const shown = drillHistoryText({ ...result, objectives, verdict: text })
    return {
      result,
      text: shown,
      status: status || (result.refused.length ? EXIT.FINDINGS : status),
    }
  }
}
