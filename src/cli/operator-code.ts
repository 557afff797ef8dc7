import { userInfo } from 'node:os'
import { resolve } from 'node:path'
import type { Config } from '#config/config'
import { systemClock } from '#core/clock'
import { EcomdbError } from '#core/errors'
import type { Progress } from '#core/progress'
import { Secret } from '#core/secret'
import { readSecretFile } from '#core/secret-file'
import { OPERATOR_COMMANDS } from '#domain/credential/operator-commands'
import { canAsk } from './ask-init.ts'

/**
 * Asks for the operator's own code where policies/totp.yaml says so for this command. The code
 * comes from ECOMDB_OPERATOR_CODE_FILE, ECOMDB_OPERATOR_CODE or a prompt, and never from an argument.
 *
 * @param command as it is typed: "backup expire"
 * @throws EcomdbError OPERATOR_CODE_REQUIRED, LOGIN_REFUSED, LOGIN_THROTTLED; CONFIG_INVALID
 *   without keys.totp_key_file; what connecting throws
 */
export async function confirmOperator(
  command: string,
  config: Config,
  progress: Progress,
): Promise<void> {
  const { loadTotpPolicy } = await import('#config/totp-policy-file')
  const { operators } = await loadTotpPolicy(config)
  const asked = OPERATOR_COMMANDS.find(one => one === command)
  if (!asked || !operators.commands.includes(asked)) return
  const { totpKey } = await import('./credential-wiring.ts')
  const { wire } = await import('./wire.ts')
  const { askOperator } = await import('#workflow/credential/operator')
  const person = process.env['ECOMDB_OPERATOR'] || userInfo().username
  const { people } = operators
  const key = await totpKey(config)
  const operator = { person, people, code: () => codeOf(person), totpKey: key, clock: systemClock }
  await askOperator(await wire.server(config), asked, operator, progress)
}

async function codeOf(person: string): Promise<Secret> {
  const file = process.env['ECOMDB_OPERATOR_CODE_FILE']
  if (file) return await readSecretFile(resolve(file), "the operator's code")
  const given = process.env['ECOMDB_OPERATOR_CODE']
  if (given) return new Secret(given)
  if (canAsk()) {
    const { password } = await import('@inquirer/prompts')
    const message = `Code of ${person}`
    return new Secret(await password({ message, mask: '*' }, { output: process.stderr }))
  }
  throw new EcomdbError('OPERATOR_CODE_REQUIRED', {
    what: `the code of ${person} is needed; nothing was changed`,
    why: 'policies/totp.yaml asks for it before this command, and nobody can be asked here',
    hints: [
      'put the six digits of this moment into ECOMDB_OPERATOR_CODE, or into a file of mode 0600 that ECOMDB_OPERATOR_CODE_FILE names',
    ],
  })
}
