import type { HardeningCheck } from '../check.ts'
import { judgePrivileges } from '../judge-privileges.ts'

/** What SUPER was split into, as far as it gets around another control. */
const ADMINISTRATION = [
  ...['SET_ANY_DEFINER', 'SET_USER_ID', 'ALLOW_NONEXISTENT_DEFINER', 'SYSTEM_USER', 'ROLE_ADMIN'],
  ...['SYSTEM_VARIABLES_ADMIN', 'PERSIST_RO_VARIABLES_ADMIN', 'BINLOG_ADMIN', 'CLONE_ADMIN'],
  ...['AUDIT_ADMIN', 'AUDIT_ABORT_EXEMPT', 'CONNECTION_ADMIN', 'ENCRYPTION_KEY_ADMIN'],
  ...['BINLOG_ENCRYPTION_ADMIN', 'AUTHENTICATION_POLICY_ADMIN', 'FIREWALL_ADMIN'],
  ...['FIREWALL_EXEMPT', 'PASSWORDLESS_USER_ADMIN', 'REPLICATION_SLAVE_ADMIN'],
  ...['SET USER', 'BINLOG ADMIN', 'BINLOG REPLAY', 'CONNECTION ADMIN', 'READ_ONLY ADMIN'],
  ...['REPLICATION MASTER ADMIN', 'REPLICATION SLAVE ADMIN', 'FEDERATED ADMIN'],
]

export const serverAdministration: HardeningCheck = {
  id: 'H09',
  title: 'only administrators may act as others, change settings, or switch logs off',
  why: 'these stop the binary log and the audit, or make code that runs with the rights of another',
  references: ['CIS 5.11', 'CIS 5.12', 'PCI DSS 7.2.2', 'PCI DSS 7.2.5', 'ASVS 13.2.2'],
  severity: 'high',
  judge: (facts, policy) =>
    judgePrivileges(facts, policy, 'a privilege to administer the server', held =>
      ADMINISTRATION.includes(held.privilege) ? { privilege: held.privilege, where: '' } : null,
    ),
}
