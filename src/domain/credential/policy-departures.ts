import type { PasswordPolicy } from './password-policy.ts'

/** Where a policy does what a standard advises against, or less than it asks. */
export interface Departure {
  rule: string
  here: string
  standard: string
  says: string
}

const NIST = 'NIST SP 800-63B-4'
const ASVS = 'OWASP ASVS 5.0'

/**
 * Composition rules are asked for by many owners and auditors, and by PCI DSS 4 (8.3.6); today's
 * standards forbid them. Who reads the policy must know. Passwords do not age here, as both ask.
 */
export function departures(policy: PasswordPolicy): Departure[] {
  const { requires, minLength, maxLength } = policy
  const kinds = Object.entries(requires).flatMap(([kind, wanted]) => (wanted ? [kind] : []))
  const found: Departure[] = []
  if (kinds.length > 0) {
    const here = `asks for ${kinds.join(', ')}`
    found.push(
      { rule: 'composition', here, standard: NIST, says: '3.1.1.2: no composition rules' },
      { rule: 'composition', here, standard: ASVS, says: '6.2.5: any composition is accepted' },
    )
  }
  if (policy.maxRepeat < 3 || policy.maxRun < 3) {
    const here = `allows ${policy.maxRepeat} equal characters and runs of ${policy.maxRun}`
    found.push({ rule: 'sequences', here, standard: NIST, says: '3.1.1.2: no composition rules' })
  }
  if (minLength < 15) {
    const here = `accepts ${minLength} characters`
    const says = '3.1.1.2: 15 where the password is the only factor; 8 beside a second one'
    found.push({ rule: 'length', here, standard: NIST, says })
  }
  if (maxLength < 64) {
    const here = `refuses more than ${maxLength} characters`
    found.push({ rule: 'max_length', here, standard: ASVS, says: '6.2.9: at least 64 are allowed' })
  }
  return found
}
