import { shellWord } from '#core/shell-word'
import type { Check, Finding } from '../facts.ts'

/**
 * Does a private key lie where it must not? Whoever takes over the database host must not be
 * able to read its backups; and an escrow key beside the others is none.
 */
export const privateKeys: Check = ({ privateKeys: found, config }) => {
  if (!config || 'error' in config) return []
  const { runsOn } = config.fact
  const mayHoldOne = runsOn === 'all' || runsOn === 'drill'
  const findings = found.flatMap(({ path, escrow }): Finding[] => {
    if (escrow) {
      return [
        {
          status: 'warn',
          subject: 'escrow key',
          detail: `${path} is still on this host`,
          next: `copy it to an offline place of its own, then delete it: \`shred -u ${shellWord(path)}\``,
        },
      ]
    }
    if (mayHoldOne) return []
    return [
      {
        status: 'fail',
        subject: 'private key',
        detail: `${path} opens backups, and this host (runs_on: ${runsOn}) must hold none`,
        next: 'move it to the drill host, and take it out of keys.identity_files',
      },
    ]
  })
  if (findings.length > 0) return findings
  const detail = found.length
    ? `one is kept on this host, as runs_on: ${runsOn} says; a database host must hold none`
    : 'none on this host'
  return [{ status: 'ok', subject: 'private keys', detail }]
}
