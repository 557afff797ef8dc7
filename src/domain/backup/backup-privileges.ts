import type { EngineFamily } from '../engine-family.ts'

/** A privilege of the account that makes backups, on everything. */
export interface BackupPrivilege {
  /** As SHOW GRANTS prints it. */
  privilege: string
  /** false: a backup works without it, but proves or tells less. */
  required: boolean
  purpose: string
}

const BOTH: readonly BackupPrivilege[] = [
  { privilege: 'SELECT', required: true, purpose: 'read rows and accounts' },
  { privilege: 'SHOW VIEW', required: true, purpose: 'read the definitions of views' },
  { privilege: 'TRIGGER', required: true, purpose: 'read the definitions of triggers' },
  { privilege: 'EVENT', required: true, purpose: 'read the definitions of events' },
  { privilege: 'PROCESS', required: false, purpose: 'wait for long work before locking' },
  { privilege: 'LOCK TABLES', required: false, purpose: 'one point in time for all readers' },
  { privilege: 'REPLICATION SLAVE', required: false, purpose: '`ecomdb backup binlog`' },
]

/** What the kinds of backup use; `ecomdb doctor` looks for these, and docs/backup.md grants them. */
export const BACKUP_PRIVILEGES: Record<EngineFamily, readonly BackupPrivilege[]> = {
  mysql: [
    ...BOTH,
    { privilege: 'RELOAD', required: false, purpose: 'one point in time beside open transactions' },
    { privilege: 'REPLICATION CLIENT', required: false, purpose: 'record the binlog position' },
    { privilege: 'BACKUP_ADMIN', required: false, purpose: 'keep DDL out during the backup' },
    { privilege: 'RESOURCE_GROUP_USER', required: false, purpose: 'see resource groups' },
  ],
  mariadb: [
    ...BOTH,
    { privilege: 'RELOAD', required: false, purpose: 'one point in time for all readers' },
    { privilege: 'BINLOG MONITOR', required: false, purpose: 'record the binlog position' },
    { privilege: 'SLAVE MONITOR', required: false, purpose: 'see what a replica lacks' },
  ],
}
