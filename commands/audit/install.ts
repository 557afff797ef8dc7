import { boolean } from '@oclif/core/flags'
import { auditedServer, auditPolicyFrom } from '#cli/audit-wiring'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, dryRunFlag, serverFlags } from '#cli/flags'
import { EXIT } from '#core/errors'
import { auditInstallText } from '#report/audit-text'
import { installAudit } from '#workflow/audit/install-audit'

export default class AuditInstall extends BaseCommand {
  static override summary = 'put triggers on the audited tables, and write their rows down'

  static override description =
    "Makes three triggers on each table of the audit policy, which write an event for each row that changes: who, when, which row, and a salted hash of the row before and after, never its content. The shop's own triggers stay. Rows that are there are written down as they are. What is there already is left; a table that has other columns than before gets new triggers before the old ones go. A table with a foreign key that cascades is refused: the server changes rows past triggers then."

  static override examples = [
    '<%= config.bin %> <%= command.id %> --dry-run',
    '<%= config.bin %> <%= command.id %>',
  ]

  static override exits = [EXIT.LOCKED, EXIT.PRIVILEGE_MISSING, EXIT.TOOL_FAILED]

  static override flags = {
    baseline: boolean({
      summary: 'write all rows down anew, as they are; run `ecomdb audit verify` before',
    }),
    ...dryRunFlag,
    ...serverFlags,
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(AuditInstall)
    const config = await configFrom(flags)
    const { tables } = await auditPolicyFrom(config)
    const { baseline, 'dry-run': dryRun } = flags
    const options = { ...(await auditedServer(config)), tables, baseline, dryRun }
    const result = await installAudit(options, this.progress)
    return { result, text: auditInstallText(result) }
  }
}
