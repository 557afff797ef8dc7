import { type Evidence, failIf, type HardeningCheck, type PrivilegePlace } from '../check.ts'
import { variable } from '../variables.ts'

/** A right that everybody has stands in nobody's list of rights. */
export const nothingForAll: HardeningCheck = {
  id: 'H11',
  title: 'no right is given to everybody',
  why: 'what PUBLIC or a mandatory role may do, every account may, and no list of its rights says so',
  references: ['PCI DSS 7.2.2', 'ASVS 13.2.2'],
  severity: 'medium',
  judge(facts) {
    const roles = variable(facts, 'mandatory_roles')
    const everybody = facts.accounts.filter(({ kind }) => kind === 'public').map(({ name }) => name)
    const rights = facts.privileges.filter(({ account }) => everybody.includes(account))
    const wrong: Evidence[] = [
      ...(roles ? [{ subject: 'mandatory_roles', detail: `every account has ${roles}` }] : []),
      ...facts.roleEdges
        .filter(({ holder }) => everybody.includes(holder))
        .map(({ role }) => ({ subject: 'PUBLIC', detail: `everybody has the role ${role}` })),
      ...rights.map(held => ({
        subject: 'PUBLIC',
        detail: `everybody holds ${held.privilege} on ${placeOf(held)}`,
      })),
    ]
    return failIf(
      wrong,
      [
        ...(roles ? [{ kind: 'setting', name: 'mandatory_roles', value: '' } as const] : []),
        ...(rights.length ? [{ kind: 'revoke', privileges: rights } as const] : []),
      ],
      facts.family === 'mysql'
        ? { subject: 'mandatory_roles', detail: 'mandatory_roles is empty' }
        : { subject: 'PUBLIC', detail: 'PUBLIC holds nothing' },
    )
  },
}

function placeOf({ schema, table }: PrivilegePlace): string {
  return schema === null ? 'everything' : `${schema}.${table ?? '*'}`
}
