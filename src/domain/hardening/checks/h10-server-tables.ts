import { matchesSchema } from '../../schema/schema-pattern.ts'
import type { HeldPrivilege } from '../accounts.ts'
import type { HardeningCheck } from '../check.ts'
import { judgePrivileges } from '../judge-privileges.ts'

/** On everything, these open a table; EVENT, PROCESS and the like do not. */
const ON_ROWS = [
  'SELECT',
  'INSERT',
  'UPDATE',
  'DELETE',
  'DROP',
  'ALTER',
  'CREATE',
  'TRIGGER',
  'INDEX',
]

export const serverTables: HardeningCheck = {
  id: 'H10',
  title: 'only administrators reach the tables of accounts and of the audit',
  why: 'who reads them has every hash, and who writes them makes himself anybody',
  references: ['CIS 5.1', 'PCI DSS 7.2.2', 'PCI DSS 10.3.2', 'ASVS 16.4.2'],
  severity: 'high',
  judge(facts, policy) {
    const there = ['mysql', ...facts.schemas.map(({ name }) => name)]
    // The accounts and their hashes; what ecomdb answers for; the trail.
    const closed = ['mysql', ...facts.ownDatabases].filter(schema => there.includes(schema))
    const restricted = ({ account, privilege }: HeldPrivilege, schema: string): boolean =>
      facts.accounts
        .filter(({ name }) => name === account)
        .some(({ restrictions }) =>
          restrictions.some(one => one.schema === schema && one.privileges.includes(privilege)),
        )
    return judgePrivileges(facts, policy, 'a way to those tables', held => {
      const reached = closed.filter(schema =>
        held.schema === null
          ? ON_ROWS.includes(held.privilege) && !restricted(held, schema)
          : matchesSchema(held.schema, schema),
      )
      if (reached.length === 0) return null
      const opened = `${reached.join(', ')}${held.table === null ? '' : `.${held.table}`}`
      const where = held.schema === null ? ` on everything, which opens ${opened}` : ` in ${opened}`
      return { privilege: held.privilege, where }
    })
  },
}
