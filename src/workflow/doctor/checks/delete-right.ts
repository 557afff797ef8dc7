import type { Check } from '../facts.ts'

/**
 * Can a database host remove its own backups? Whoever takes it over could, then. Only a vault
 * host expires.
 */
export const deleteRight: Check = ({ target, config }) => {
  if (!config || 'error' in config || config.fact.runsOn !== 'database') return []
  if (!target || 'error' in target) return []
  const { canRemove, label, lock } = target.fact
  const subject = 'right to delete'
  if (lock) {
    const detail = `${label} holds every file ${lock.days} days by ${lock.mode} lock`
    if (canRemove !== true) return [{ status: 'ok', subject, detail }]
    // Nobody lifts compliance; who may delete as the account of the bucket may, as a rule, bypass governance.
    const [status, but] =
      lock.mode === 'compliance'
        ? (['warn', 'hide its backups, and remove them once their locks end'] as const)
        : (['fail', 'remove its backups, where it may bypass that, and hide them'] as const)
    const can = `${detail}; this host (runs_on: database) can ${but}`
    return [
      {
        status,
        subject,
        detail: can,
        next: 'take s3:DeleteObject, s3:DeleteObjectVersion and s3:BypassGovernanceRetention from its credential: docs/s3.md',
      },
    ]
  }
  if (canRemove === false) return [{ status: 'ok', subject, detail: `none in ${label}` }]
  if (canRemove === undefined) {
    const detail = `it was not tried what this account may remove from ${label}`
    return [
      { status: 'warn', subject, detail, next: 'run `ecomdb target check` on the vault host' },
    ]
  }
  return [
    {
      status: 'fail',
      subject,
      detail: `this host (runs_on: database) can remove its backups from ${label}`,
      next: 'use a bucket whose credential may not delete, or let a vault host copy them away at once and expire there',
    },
  ]
}
