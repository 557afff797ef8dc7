import { auditedServer, auditPolicyFrom } from '#cli/audit-wiring'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, serverFlags } from '#cli/flags'
import { systemClock } from '#core/clock'
import { EXIT } from '#core/errors'
import { auditStatusText } from '#report/audit-text'
import { auditStatus } from '#workflow/audit/install-audit'

export default class AuditStatus extends BaseCommand {
  static override summary = 'is every table audited as it should be, and how far is it sealed?'

  static override description =
    'Compares the triggers that are there, word for word, with those that the audit makes for the columns that a table has now, and says whether the newest checkpoint is as young as `seal` of the policy promises, and whether a host that seals has the anchors that it wants. It proves nothing about the rows: `ecomdb audit verify` does.'

  static override examples = ['<%= config.bin %> <%= command.id %>']

  static override exits = [EXIT.FINDINGS]

  static override flags = serverFlags

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(AuditStatus)
    const config = await configFrom(flags)
    const options = { policy: await auditPolicyFrom(config), clock: systemClock }
    const { trustedSigners, signingKeyFile, anchors } = config.audit
    const result = await auditStatus(await auditedServer(config), {
      ...{ ...options, trustedSigners, anchors: signingKeyFile ? anchors.length : null },
    })
    const { seal, tables, missingAnchors } = result
    const bad = seal?.late || missingAnchors > 0 || tables.some(one => one.problems.length > 0)
    const status = bad ? EXIT.FINDINGS : EXIT.DONE
    return { result, text: auditStatusText(result), status }
  }
}
