import type { HardeningFacts } from './facts.ts'
import { isOn } from './variables.ts'

/**
 * Whether MariaDB should refuse a hash in the place of a password (strict_password_validation). Its
 * rules cannot look at a hash; but it writes CREATE USER into its binary log as it came, so where the
 * log is kept and not encrypted, refusing hashes makes programs put their passwords there in the
 * clear, and no restore brings an account back. ecomdb gives hashes, of passwords that it has judged by
 * itself, or uses SET PASSWORD, which is logged as a hash. MySQL logs hashes in any case.
 */
export function wantsHashesRefused(facts: HardeningFacts): boolean {
  return !isOn(facts, 'log_bin') || isOn(facts, 'encrypt_binlog')
}
