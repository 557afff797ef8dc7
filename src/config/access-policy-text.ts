import { stringify } from 'yaml'
import type { AccessPolicy, WantedRights } from '#domain/access/policy'

const HEAD = `# Who may do what, as it was found on the server. Nothing tells a person from a program there: move
# people to \`people:\`, and say who owns each application.
`

/** An access.yaml; what is empty or the default is left out. */
export function accessPolicyText(policy: AccessPolicy): string {
  const { administrators, revokeShare, roles, applications, people } = policy
  const content = {
    administrators,
    brake: { revoke_share: revokeShare },
    roles: mapped(roles, role => ({
      description: role.description,
      ...(role.heldBy === 'people' ? {} : { held_by: role.heldBy }),
      ...withoutEmpty({ exception: role.exception }),
      ...rightsText(role),
      ...withoutEmpty({ max_connections: role.maxConnections, approvers: role.approvers }),
      tls: role.tls,
    })),
    applications: mapped(applications, application => ({
      owner: application.owner,
      accounts: application.accounts,
      ...rightsText(application),
      ...withoutEmpty({
        default_roles: application.defaultRoles,
        max_connections: application.maxConnections,
        tls: application.tls,
      }),
    })),
    people: mapped(people, person => ({
      full_name: person.fullName,
      ...withoutEmpty({ email: person.email, accounts: person.accounts, roles: person.roles }),
    })),
  }
  return `${HEAD}\n${stringify(content, { lineWidth: 0, aliasDuplicateObjects: false })}`
}

function mapped<In>(map: ReadonlyMap<string, In>, make: (value: In) => object): object {
  return Object.fromEntries([...map].map(([key, value]) => [key, make(value)]))
}

function rightsText(wanted: WantedRights): object {
  const { select, execute, tables, server, rights, roles, adminOf } = wanted
  const byTable = Object.fromEntries(tables)
  return withoutEmpty({
    select,
    execute,
    tables: byTable,
    server,
    rights,
    roles,
    admin_of: adminOf,
  })
}

function withoutEmpty(content: Record<string, unknown>): object {
  const isEmpty = (value: unknown): boolean =>
    value === null ||
    (Array.isArray(value) && value.length === 0) ||
    (typeof value === 'object' && value !== null && Object.keys(value).length === 0)
  return Object.fromEntries(Object.entries(content).filter(([, value]) => !isEmpty(value)))
}
