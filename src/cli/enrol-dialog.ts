import type { Config } from '#config/config'
import type { Enrolment } from '#domain/credential/user-report'
import { enrolmentText } from '#report/user-text'
import { canAsk } from './ask-init.ts'
import type { Outcome } from './base-command.ts'
import { enrolOptions } from './credential-wiring.ts'
import { askSecret, endAnswers } from './secret-answers.ts'
import { wire } from './wire.ts'

/** Both halves of an enrolment where somebody can answer, and one of them where nobody can. */
export async function enrolInTerminal(
  config: Config,
  person: string,
  confirm: boolean,
): Promise<Outcome<Enrolment>> {
  const { enroll, confirmEnrolment } = await import('#workflow/credential/enroll')
  const options = await enrolOptions(config)
  const server = await wire.server(config)
  if (!confirm) {
    const begun = await enroll(server, person, options)
    const picture = await qrCode(begun.otpauthUri ?? '')
    if (!canAsk()) return { result: begun, text: `${picture}\n${enrolmentText(begun)}` }
    process.stderr.write(`${picture}\n${begun.otpauthUri}\n`)
  }
  const code = await askSecret('Code that the app shows')
  endAnswers()
  const result = await confirmEnrolment(server, person, code, options)
  return { result, text: enrolmentText(result) }
}

/** Light on dark paper is what the half blocks draw: so whatever the colours of the terminal. */
async function qrCode(content: string): Promise<string> {
  const { renderUnicodeCompact } = await import('uqr')
  const lines = renderUnicodeCompact(content, { border: 2 }).split('\n')
  if (!process.stderr.isTTY) return lines.join('\n')
  return lines.map(line => `\u001b[97;40m${line}\u001b[0m`).join('\n')
}
