import type { HardeningCheck } from '../check.ts'
import { judgePrivileges } from '../judge-privileges.ts'

const POWERFUL = ['SUPER', 'FILE', 'PROCESS', 'SHUTDOWN', 'CREATE USER']

export const powerfulPrivileges: HardeningCheck = {
  id: 'H08',
  title: 'only administrators hold SUPER, FILE, PROCESS, SHUTDOWN, CREATE USER or GRANT OPTION',
  why: 'each of them is a way to everything: files, other sessions, new accounts, more rights',
  references: ['CIS 5.2-5.7', 'PCI DSS 7.2.2', 'PCI DSS 7.2.5', 'ASVS 13.2.2'],
  severity: 'high',
  judge: (facts, policy) =>
    judgePrivileges(facts, policy, 'a privilege of an administrator', held => {
      if (held.schema !== null) return null
      if (POWERFUL.includes(held.privilege)) return { privilege: held.privilege, where: '' }
      return held.grantable ? { privilege: 'GRANT OPTION', where: '' } : null
    }),
}
