import { z } from 'zod'
import { DURATION } from '#core/duration'
import { parseRights } from '#domain/access/right'

/**
 * policies/access.yaml. policies/access.schema.json, which editors use, is made from this.
 */

const name = z.string().regex(/^(?!(PUBLIC|NONE|ALL|CURRENT_ROLE)$)[A-Za-z][A-Za-z0-9_.-]{0,31}$/, {
  error: 'a name of at most 32 letters, digits, ".", "_" and "-"',
})
const handle = z.string().regex(/^[a-z][a-z0-9._-]{0,30}$/, {
  error: 'a name of at most 31 small letters, digits, ".", "_" and "-"',
})
const account = z
  .string()
  .regex(/^[^@]{0,80}@[^@\s]+$/, { error: 'an account like alice@localhost' })
const object = z.string().regex(/^([^.\s]+\.)?[^.\s]+$/, { error: 'a name, or schema.name' })

const tls = z
  .enum(['never', 'remote', 'always'])
  .describe('who must use TLS: connections from other hosts (remote), or all of them')
const connections = z
  .int()
  .min(1)
  .max(100_000)
  .describe('how many connections one account may have at once')

const rights = {
  select: z.array(object).optional().describe('views that it may read'),
  execute: z.array(object).optional().describe('procedures and functions that it may call'),
  tables: z
    .record(object, z.array(z.string().min(1)))
    .optional()
    .describe('privileges on tables: {orders: [SELECT, INSERT]}; "*" is the whole schema'),
  server: z.array(z.string().min(1)).optional().describe('privileges on the server: [PROCESS]'),
  rights: z
    .array(
      z.string().refine(text => parseRights(text) !== null, {
        error: 'a right like "SELECT (name) ON shop.users" or "EXECUTE ON PROCEDURE shop.p"',
      }),
    )
    .optional()
    .describe('any other right, as text'),
  roles: z.array(z.string().min(1)).optional().describe('roles that it holds'),
  admin_of: z
    .array(z.string().min(1))
    .optional()
    .describe('those of its roles that it may give to others'),
}

const role = z.strictObject({
  description: z.string().optional().describe('what it is for'),
  held_by: z
    .enum(['people', 'applications'])
    .optional()
    .describe('people (default) reach views and procedures only'),
  exception: z
    .string()
    .min(1)
    .optional()
    .describe('why people may reach tables by this role; it stands in every report'),
  ...rights,
  max_connections: connections.optional(),
  tls: tls.optional(),
  max_ttl: z
    .string()
    .regex(DURATION, 'a length of time like 36h or 8d')
    .optional()
    .describe('the longest that a grant may last, like 8h or 90d (default: without an end)'),
  approvers: z
    .array(z.string().min(1))
    .optional()
    .describe('people or roles, one of whom must say yes to a grant'),
})

const application = z.strictObject({
  owner: z.string().min(1).describe('who answers for it'),
  accounts: z.array(account).min(1).describe('the accounts it logs in as, user@host'),
  ...rights,
  default_roles: z
    .boolean()
    .optional()
    .describe('whether its roles are on at login (default: as it is)'),
  max_connections: connections.optional(),
  tls: tls.optional(),
})

const person = z
  .strictObject({
    full_name: z.string().min(1).max(200).optional(),
    email: z.string().min(3).max(320).optional(),
    accounts: z
      .array(account)
      .min(1)
      .optional()
      .describe('what they log in as where no broker is used (default: NAME@localhost)'),
    roles: z
      .array(z.string().min(1))
      .optional()
      .describe('held for as long as they stand here; others are granted with an end'),
  })
  .nullable()

export const accessPolicySchema = z
  .strictObject({
    administrators: z
      .array(account)
      .optional()
      .describe('accounts that may do everything; they are shown, and never changed'),
    brake: z
      .strictObject({
        revoke_share: z
          .number()
          .min(0)
          .max(1)
          .optional()
          .describe('a plan that revokes a larger part needs --allow-revokes (default 0.2)'),
      })
      .optional(),
    roles: z.record(name, role).optional().describe('what people may do, by their jobs'),
    applications: z
      .record(name, application)
      .optional()
      .describe("the shop's own programs, with the tables that they need"),
    people: z.record(handle, person).optional().describe('who works here'),
  })
  .describe('policies/access.yaml: who may do what')

/** The file's content, as it is written. */
export type AccessPolicyFile = z.infer<typeof accessPolicySchema>

/** For policies/access.schema.json. */
export function accessJsonSchema(): object {
  const { $schema, ...rest } = z.toJSONSchema(accessPolicySchema, { io: 'input' })
  return { $schema, title: 'access.yaml', ...rest }
}
