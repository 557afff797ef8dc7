import { string } from '@oclif/core/flags'
import {
  anchorFlag,
  anchorsFrom,
  auditedServer,
  auditPolicyFrom,
  fewerAnchorsFlag,
  trustedByAudit,
} from '#cli/audit-wiring'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, serverFlags } from '#cli/flags'
import { verifyStatus } from '#cli/verify-status'
import { EXIT } from '#core/errors'
import { verifyText } from '#report/audit-text'
import { openExport } from '#workflow/audit/open-export'
import { openServerTrail, verifyTrail } from '#workflow/audit/verify-trail'

export default class AuditVerify extends BaseCommand {
  static override summary = 'was a row, an event or a checkpoint changed unseen?'

  static override description =
    'Reads everything at one moment: the checkpoints, their signatures and how one follows the other, the same in the anchors; every event against its batch; every live row against its newest event; and who is not a writer of the policy. Names what it finds, with the row and the time between which it happened, and what it could not check: fewer anchors than the policy wants are a finding, too. The exit status is 3 with findings, and 13 where a signature or a root does not hold.'

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --export trail.jsonl --anchor /mnt/anchor',
  ]

  static override exits = [EXIT.FINDINGS, EXIT.LOCKED, EXIT.VERIFICATION_FAILED]

  static override flags = {
    export: string({
      helpValue: 'FILE',
      summary: 'verify this export instead of a server (`ecomdb audit export`)',
    }),
    ...anchorFlag,
    ...fewerAnchorsFlag,
    ...serverFlags,
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(AuditVerify)
    const config = await configFrom(flags)
    const [policy, trustedSigners] = [await auditPolicyFrom(config), trustedByAudit(config)]
    const anchors = await anchorsFrom(config, flags.anchor)
    const source = flags.export
      ? await openExport(flags.export, anchors)
      : await openServerTrail(await auditedServer(config), anchors)
    try {
      const options = { policy, trustedSigners, fewerAnchors: flags['fewer-anchors'] }
      const result = await verifyTrail(source, options, this.progress)
      return { result, text: verifyText(result), status: verifyStatus(result) }
    } finally {
      await source.close()
    }
  }
}
