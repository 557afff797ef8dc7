import { string } from '@oclif/core/flags'
import { auditedServer } from '#cli/audit-wiring'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, serverFlags } from '#cli/flags'
import { auditUninstallText } from '#report/audit-text'
import { uninstallAudit } from '#workflow/audit/install-audit'

export default class AuditUninstall extends BaseCommand {
  static override summary = 'stop the audit: take its triggers away'

  static override description =
    'Says what would be done, and does it with --confirm and the name of the database. The trail stays, and goes on verifying; that the triggers are gone is a finding from then on.'

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --confirm shop',
  ]

  static override flags = {
    confirm: string({ helpValue: 'DATABASE', summary: 'do it; without this it is only said' }),
    ...serverFlags,
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(AuditUninstall)
    const config = await configFrom(flags)
    await this.askOperator(config, flags.confirm !== undefined)
    const server = await auditedServer(config)
    const result = await uninstallAudit(server, flags.confirm ?? null)
    return { result, text: auditUninstallText(result) }
  }
}
