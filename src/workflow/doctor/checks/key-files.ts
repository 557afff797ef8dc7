import type { Check, Finding } from '../facts.ts'

/** Are the configured key and password files there, usable, and closed to others? */
export const keyFiles: Check = ({ keyFiles: files, signer, config }) => {
  const findings = files.map(({ path, purpose, error }): Finding => {
    if (!error) return { status: 'ok', subject: 'key file', detail: `${path}: ${purpose}` }
    return {
      status: 'fail',
      subject: 'key file',
      detail: error.why ? `${error.what}: ${error.why}` : error.what,
      next: error.hints[0] ?? 'run `ecomdb errors SECRET_MISSING`',
    }
  })
  const trusted = config && 'fact' in config ? config.fact.keys.trustedSigners : []
  if (signer === null || trusted.includes(signer)) return findings
  return [
    ...findings,
    {
      status: 'fail',
      subject: 'signing key',
      detail: 'this host would not believe its own snapshots',
      next: `add ${signer} to keys.trusted_signers`,
    },
  ]
}
