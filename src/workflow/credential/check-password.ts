import type { Secret } from '#core/secret'
import { judgePassword } from '#domain/credential/judge-password'
import {
  contextWords,
  type PasswordPolicy,
  SCORED_LENGTH,
  type Weakness,
} from '#domain/credential/password-policy'
import { isKnownPassword } from './known-passwords.ts'

/**
 * Every reason why a password is refused; empty when it is accepted.
 *
 * @param names what its account's person is called
 * @param isInHistory asked once, and only where the policy looks back
 */
export async function checkPassword(
  password: Secret,
  policy: PasswordPolicy,
  names: readonly string[],
  isInHistory: (password: Secret) => Promise<boolean>,
): Promise<Weakness[]> {
  const { default: zxcvbn } = await import('zxcvbn')
  const text = password.reveal()
  return judgePassword(text, policy, {
    score: zxcvbn(text.slice(0, SCORED_LENGTH), contextWords(names, policy.words)).score,
    isBreached: await isKnownPassword(text, policy.breachListFile),
    isInHistory: policy.history > 0 && (await isInHistory(password)),
    names,
  })
}
