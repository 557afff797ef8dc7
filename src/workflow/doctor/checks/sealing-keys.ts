import { shellWord } from '#core/shell-word'
import type { Check, Finding } from '../facts.ts'

/**
 * Does a database host hold a key that seals the audit trail? Whoever takes it over could change the trail
 * and seal it anew.
 */
export const sealingKeys: Check = ({ sealingKeys: found, config }) => {
  if (!config || 'error' in config || config.fact.runsOn !== 'database') return []
  const subject = 'sealing key'
  if (found.length === 0) return [{ status: 'ok', subject, detail: 'none on this host' }]
  return found.map(
    (path): Finding => ({
      status: 'fail',
      subject,
      detail: `${path} seals the audit trail, and this host (runs_on: database) must hold none`,
      next: `move it to the host that seals, take it out of audit.signing_key_file, and delete it here: \`shred -u ${shellWord(path)}\``,
    }),
  )
}
