import { resolve } from 'node:path'
import { string } from '@oclif/core/args'
import { auditedServer } from '#cli/audit-wiring'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, serverFlags } from '#cli/flags'
import { EXIT } from '#core/errors'
import { exportText } from '#report/audit-text'
import { exportTrail } from '#workflow/audit/export-trail'
import { openServerTrail } from '#workflow/audit/verify-trail'

export default class AuditExport extends BaseCommand {
  static override summary = 'write the trail and the audited rows to a file, for an auditor'

  static override description =
    'Everything that `ecomdb audit verify --export FILE` needs to check the trail with no database: checkpoints, events, and the rows with their salts. It holds what was said in chats: give it to the auditor alone. The file is made, never overwritten, and readable by you only.'

  static override examples = ['<%= config.bin %> <%= command.id %> trail.jsonl']

  static override exits = [EXIT.LOCKED, EXIT.TOOL_FAILED]

  static override args = {
    file: string({ required: true, description: 'the file to make' }),
  }

  static override flags = serverFlags

  protected override async execute(): Promise<Outcome<object>> {
    const { args, flags } = await this.parse(AuditExport)
    const source = await openServerTrail(await auditedServer(await configFrom(flags)))
    try {
      const result = await exportTrail(source, resolve(args.file), this.progress)
      return { result, text: exportText(result) }
    } finally {
      await source.close()
    }
  }
}
