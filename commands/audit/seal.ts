import { boolean, string } from '@oclif/core/flags'
import { anchorFlag, sealerFrom } from '#cli/audit-wiring'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, serverFlags } from '#cli/flags'
import { systemClock } from '#core/clock'
import { EXIT } from '#core/errors'
import { sealProblems } from '#domain/audit/seal-problems'
import { sealText } from '#report/audit-text'
import { sealTrail } from '#workflow/audit/seal-trail'

export default class AuditSeal extends BaseCommand {
  static override summary = 'sign what happened since the last seal, and take it to the anchors'

  static override description =
    'Puts every event that is in no batch yet into one, by what is there and not by ranges of ids; makes a Merkle tree of them (RFC 6962) and of what must not change beside the rows: triggers, grants on the trail, settings; signs it over the checkpoint before, stores it, and takes it to every anchor at once. One sealer runs at a time, on a host that need not be that of the database. While the database and an anchor do not fit nothing is sealed. The exit status is 3 where an anchor is missing or failed, or where the account may not read the rights of others (SELECT on the schema mysql), so that nobody watches them; and where a record of an erasure is not believed.'

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --follow',
    '<%= config.bin %> <%= command.id %> --accept ticket-1234',
  ]

  static override exits = [EXIT.FINDINGS, EXIT.LOCKED, EXIT.VERIFICATION_FAILED, EXIT.TOOL_FAILED]

  static override flags = {
    follow: boolean({ summary: 'go on until a signal comes, every few seconds' }),
    accept: string({
      helpValue: 'REASON',
      summary: 'what changed beside the rows, and a new baseline, are meant: say so in the seal',
    }),
    'epoch-break': string({
      helpValue: 'REASON',
      summary: 'the database was restored to an earlier state: say why, and go on from there',
    }),
    ...anchorFlag,
    ...serverFlags,
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(AuditSeal)
    const config = await configFrom(flags)
    const { follow, accept = null, 'epoch-break': epochBreak = null } = flags
    const reasons = { accept, epochBreak, follow, clock: systemClock }
    const sealer = await sealerFrom(config, flags.anchor)
    const result = await sealTrail({ ...sealer, ...reasons }, this.progress)
    const { anchors } = sealer.policy
    const found = sealProblems(result, anchors).length > 0
    return { result, text: sealText(result, anchors), status: found ? EXIT.FINDINGS : EXIT.DONE }
  }
}
