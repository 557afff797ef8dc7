import { anchorPlaces, auditedServer, auditPolicyFrom } from '#cli/audit-wiring'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, serverFlags } from '#cli/flags'
import { systemClock } from '#core/clock'
import { EXIT, type ExitStatus } from '#core/errors'
import type { AuditStatusReport } from '#domain/audit/audit-report'
import { auditStatusText } from '#report/audit-text'
import { auditStatus } from '#workflow/audit/install-audit'

export default class AuditStatus extends BaseCommand {
  static override summary = 'is every table audited as it should be, and how far is it sealed?'

  static override description =
    'Compares the triggers that are there, word for word, with those that the audit makes for the columns that a table has now, and says whether the newest checkpoint is as young as `seal` of the policy promises, whether whoever sealed it watched the rights of accounts, and whether a host that seals has the anchors that it wants. Where no signer is trusted the seal is not known, and that is a problem too. It proves nothing about the rows: `ecomdb audit verify` does.'

  static override examples = ['<%= config.bin %> <%= command.id %>']

  static override exits = [EXIT.FINDINGS]

  static override flags = serverFlags

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(AuditStatus)
    const config = await configFrom(flags)
    const options = { policy: await auditPolicyFrom(config), clock: systemClock }
    const { trustedSigners, signingKeyFile } = config.audit
    const anchors = await anchorPlaces(config, undefined)
    const result = await auditStatus(await auditedServer(config), {
      ...{ ...options, trustedSigners, anchors: signingKeyFile ? anchors.length : null },
    })
    return { result, text: auditStatusText(result), status: statusOf(result) }
  }
}

function statusOf(report: AuditStatusReport): ExitStatus {
  const { trailId, signersTrusted, sealed, sealAge, tables, missingAnchors } = report
  const sealUnknown = trailId !== null && !signersTrusted
  const sealBad = sealUnknown || sealAge?.late || sealed?.rightsWatched === false
  const isBad = sealBad || missingAnchors > 0 || tables.some(one => one.problems.length > 0)
  return isBad ? EXIT.FINDINGS : EXIT.DONE
}
