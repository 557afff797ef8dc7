import { string } from '@oclif/core/args'
import { string as text } from '@oclif/core/flags'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, serverFlags } from '#cli/flags'
import { wire } from '#cli/wire'
import { EXIT } from '#core/errors'
import { transcriptText } from '#report/audit-text'
import { readTranscript } from '#workflow/chat/read-transcript'

export default class ChatTranscript extends BaseCommand {
  static override summary = 'what was said in a chat; that you read it, and why, is recorded'

  static override description =
    "Calls the procedure chat_transcript of the audit's database, which writes who reads which chat, when and why into the audit trail before it gives anything away, also where the reader's transaction is rolled back. EXECUTE on it is all that is needed, and no right on a table."

  static override examples = ['<%= config.bin %> <%= command.id %> 17 --reason ticket-4711']

  static override exits = [EXIT.PRIVILEGE_MISSING]

  static override args = {
    chat: string({ required: true, description: 'the number of the chat (chat_session_id)' }),
  }

  static override flags = {
    reason: text({ required: true, helpValue: 'TEXT', summary: 'why, for whoever audits it' }),
    ...serverFlags,
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { args, flags } = await this.parse(ChatTranscript)
    const server = await wire.server(await configFrom(flags))
    const result = await readTranscript(server, args.chat, flags.reason)
    return { result, text: transcriptText(result.lines) }
  }
}
