import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { DURATION, durationMs, LONGEST_MS } from '#core/duration'
import { EcomdbError, messageOf } from '#core/errors'
import { packageRoot } from '#core/paths'
import type { AuditPolicy, EraseRule } from '#domain/audit/audit-policy'
import { parseYaml } from './parse-config.ts'

/** policies/audit.yaml. policies/audit.schema.json, which editors use, is made from this. */

const time = (description: string) =>
  z.string().regex(DURATION, 'a length of time like 36h or 8d').describe(description)
/** Elsewhere 0 keeps all; taken literally it would remove all. */
const isKeepable = (text: string): boolean => {
  const ms = durationMs(text)
  return ms === null || (ms > 0 && ms <= LONGEST_MS)
}
const tableName = z.string().min(1).max(64)

const schema = z
  .strictObject({
    tables: z
      .array(tableName)
      .optional()
      .describe('the tables of the shop that are audited (default: the four of the chat)'),
    writers: z
      .array(
        z.strictObject({
          user: z.string().min(1).describe('the user of the account'),
          host: z
            .string()
            .min(1)
            .optional()
            .describe('as in an account; % and _ match (default %)'),
          tables: z.array(tableName).optional().describe('only these (default: all)'),
          operations: z
            .array(z.enum(['insert', 'update', 'delete']))
            .optional()
            .describe('only these (default: all)'),
        }),
      )
      .optional()
      .describe(
        'who may change audited tables; a change by anyone else is a finding. Left out: not checked',
      ),
    seal: z
      .strictObject({
        every: time('between two looks of `audit seal --follow` (default 5s)').optional(),
        heartbeat: time('a checkpoint comes at least so often (default 5m)').optional(),
        within: time(
          'an event that is not sealed for longer is a finding (default 10m)',
        ).optional(),
        max_events: z
          .int()
          .min(1)
          .max(1_000_000)
          .optional()
          .describe('the most events of one batch (default 50000)'),
      })
      .optional()
      .describe('how events are sealed'),
    longest_statement: time(
      'an event cannot be older than that when it is sealed (default 1h)',
    ).optional(),
    clock_skew: time('how far the clocks may be apart (default 1m)').optional(),
    anchors: z
      .int()
      .min(0)
      .max(20)
      .optional()
      .describe('how many anchors there must be (default 1; two are better)'),
    keep: time('sealed events older than that are removed by `audit prune` (default: none)')
      .refine(isKeepable, 'more than 0 and at most 36500d; leave `keep` out to keep every event')
      .optional(),
    erase: z
      .array(
        z.strictObject({
          table: tableName,
          where: z.string().min(1).describe("the column that has the person's key"),
          through: z
            .strictObject({ table: tableName, where: z.string().min(1) })
            .optional()
            .describe("a table that has the column of `where`, and the person's key in this one"),
          empty: z
            .array(z.string().min(1))
            .min(1)
            .describe('columns that become NULL, or an empty text'),
        }),
      )
      .optional()
      .describe(
        "what `audit erase` empties; the first table's row is the person (default: customers of the chat)",
      ),
  })
  .describe('policies/audit.yaml: what is audited, who may write, and what the seal promises')

const CHAT_TABLES = ['users', 'support_members', 'chat_sessions', 'chat_messages']

/** What support said to a customer is about the customer. */
const CHAT_ERASE: readonly EraseRule[] = [
  { table: 'users', where: 'user_id', through: null, empty: ['first_name', 'last_name'] },
  {
    ...{ table: 'chat_messages', where: 'chat_session_id' },
    through: { table: 'chat_sessions', where: 'user_id' },
    empty: ['message_text'],
  },
]

/**
 * The policy that ecomdb.yaml names (audit.policy), or ecomdb's own.
 * @throws EcomdbError CONFIG_INVALID with file, line and column
 */
export async function loadAuditPolicy(named?: string): Promise<AuditPolicy & { file: string }> {
  const file = named ?? join(packageRoot(), 'policies', 'audit.yaml')
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new EcomdbError('CONFIG_INVALID', {
      what: `cannot read the policy ${file}`,
      why: messageOf(error),
      hints: ['correct audit.policy in ecomdb.yaml, or leave it out: ecomdb has one of its own'],
      cause: error,
    })
  })
  return { ...withDefaults(parseYaml(text, file, schema)), file }
}

function withDefaults(content: z.infer<typeof schema>): AuditPolicy {
  const { seal = {} } = content
  const ms = (text: string | undefined, otherwise: number): number =>
    (text === undefined ? null : durationMs(text)) ?? otherwise
  return {
    tables: content.tables ?? CHAT_TABLES,
    writers:
      content.writers?.map(({ user, host, tables, operations }) => ({
        user,
        host: host ?? '%',
        tables: tables ?? null,
        operations: operations ?? ['insert', 'update', 'delete'],
      })) ?? null,
    seal: {
      everyMs: ms(seal.every, 5_000),
      heartbeatMs: ms(seal.heartbeat, 300_000),
      withinMs: ms(seal.within, 600_000),
      maxEvents: seal.max_events ?? 50_000,
    },
    longestStatementMs: ms(content.longest_statement, 3_600_000),
    clockSkewMs: ms(content.clock_skew, 60_000),
    anchors: content.anchors ?? 1,
    keepMs: content.keep === undefined ? null : durationMs(content.keep),
    erase:
      content.erase?.map(rule => ({ ...rule, through: rule.through ?? null })) ??
      (content.tables ? [] : CHAT_ERASE),
  }
}

/** For policies/audit.schema.json. */
export function auditJsonSchema(): object {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input' })
  return { $schema, title: 'audit.yaml', ...rest }
}
