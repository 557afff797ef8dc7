import { BACKUP_PRIVILEGES } from '#domain/backup/backup-privileges'
import type { Check, Finding } from '../facts.ts'

/** May the account make backups? */
export const backupPrivileges: Check = ({ server }) => {
  if (!server || 'error' in server) return []
  const { family, account, privileges } = server.fact
  const held = (privilege: string, level: ReadonlySet<string>): boolean =>
    level.has('ALL PRIVILEGES') || level.has(privilege)
  const missing = BACKUP_PRIVILEGES[family].filter(
    ({ privilege }) => !held(privilege, privileges.server),
  )
  const subject = 'privileges'
  if (missing.length === 0) {
    return [{ status: 'ok', subject, detail: `${account} holds what a backup uses` }]
  }
  return missing.map(({ privilege, required, purpose }): Finding => {
    const onSchema = held(privilege, privileges.database)
    return {
      status: required && !onSchema ? 'fail' : 'warn',
      subject,
      detail: `${account} ${onSchema ? 'holds' : 'lacks'} ${privilege}${onSchema ? " on the shop's schema only" : ''}: ${purpose}`,
      next: `as an administrator: GRANT ${privilege} ON *.* TO ${quoted(account)}`,
    }
  })
}

/** CURRENT_USER() prints user@host; a statement wants 'user'@'host'. */
function quoted(account: string): string {
  const at = account.lastIndexOf('@')
  return `'${account.slice(0, at)}'@'${account.slice(at + 1)}'`
}
