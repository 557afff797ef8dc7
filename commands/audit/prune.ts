import { string } from '@oclif/core/flags'
import { anchorFlag, sealerFrom } from '#cli/audit-wiring'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, serverFlags } from '#cli/flags'
import { systemClock } from '#core/clock'
import { EXIT } from '#core/errors'
import { pruneText } from '#report/audit-text'
import { pruneTrail } from '#workflow/audit/prune-trail'

export default class AuditPrune extends BaseCommand {
  static override summary = 'remove events that are older than the audit policy keeps'

  static override description =
    'Says what would go, and does it with --confirm and the name of the database. Whole sealed batches go, the oldest first, as soon as all of a batch is older than `keep` of the policy and enough anchors have it; never what is not sealed. Each batch is checked before it goes, and a checkpoint that names what goes is signed first. The newest event of a row that is still there stays, with the hashes of what was beside it: `ecomdb audit verify` goes on checking all that is left, and says what was removed.'

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --confirm shop',
  ]

  static override exits = [EXIT.FINDINGS, EXIT.LOCKED, EXIT.VERIFICATION_FAILED, EXIT.TOOL_FAILED]

  static override flags = {
    confirm: string({ helpValue: 'DATABASE', summary: 'do it; without this it is only said' }),
    ...anchorFlag,
    ...serverFlags,
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(AuditPrune)
    const config = await configFrom(flags)
    await this.askOperator(config, flags.confirm !== undefined)
    const sealer = await sealerFrom(config, flags.anchor)
    const how = { confirmed: flags.confirm ?? null, clock: systemClock }
    const result = await pruneTrail({ ...sealer, ...how }, this.progress)
    const found = result.heldBack !== null || result.warnings.length > 0
    const text = pruneText(result, sealer.database)
    return { result, text, status: found ? EXIT.FINDINGS : EXIT.DONE }
  }
}
