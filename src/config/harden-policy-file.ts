import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { DURATION, durationMs } from '#core/duration'
import { EcomdbError, messageOf } from '#core/errors'
import { packageRoot } from '#core/paths'
import type { HardenPolicy } from '#domain/hardening/policy'
import type { Config } from './config.ts'
import { parseYaml } from './parse-config.ts'

/** policies/harden.yaml. policies/harden.schema.json, which editors use, is made from this. */

const account = z
  .string()
  .regex(/^[^\s@]*@\S*$/, 'an account like ecomdb_backup@localhost')
  .describe('user@host, as the server has it')

const schema = z
  .strictObject({
    administrators: z
      .array(account)
      .optional()
      .describe('accounts that may hold everything (default root@localhost)'),
    may_hold: z
      .array(
        z.strictObject({
          account,
          privileges: z
            .array(z.string().regex(/^[A-Z_ ]+$/, 'a privilege in capitals, like PROCESS'))
            .describe('privileges on everything, in capitals'),
        }),
      )
      .optional()
      .describe('what other accounts may hold on everything'),
    idle: z
      .string()
      .regex(DURATION, 'a length of time like 15m')
      .optional()
      .describe('how long a session may do nothing (default 15m)'),
    password_length: z
      .int()
      .min(8)
      .max(128)
      .optional()
      .describe('characters that the server itself asks for at least (default 12)'),
    waivers: z
      .array(
        z.strictObject({
          check: z
            .string()
            .regex(/^H\d\d$/, 'a check like H07')
            .describe('which check'),
          subjects: z
            .array(z.string().min(1))
            .optional()
            .describe('of which accounts, variables or objects (default: of all that it finds)'),
          reason: z.string().min(3).describe('why it is lived with'),
          until: z.iso.date().describe('the last day on which it holds, like 2027-03-31'),
        }),
      )
      .optional()
      .describe('findings that are lived with; they are shown all the same'),
  })
  .describe('policies/harden.yaml: who may hold what, and what is lived with until when')

/**
 * The policy that ecomdb.yaml names (harden_policy), or ecomdb's own.
 * @throws EcomdbError CONFIG_INVALID with file, line and column
 */
export async function loadHardenPolicy(
  config: Pick<Config, 'hardenPolicyFile'>,
): Promise<HardenPolicy> {
  const file = config.hardenPolicyFile ?? join(packageRoot(), 'policies', 'harden.yaml')
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new EcomdbError('CONFIG_INVALID', {
      what: `cannot read the policy ${file}`,
      why: messageOf(error),
      hints: ['correct harden_policy in ecomdb.yaml, or leave it out: ecomdb has one of its own'],
      cause: error,
    })
  })
  const content = parseYaml(text, file, schema)
  return {
    administrators: content.administrators ?? ['root@localhost'],
    mayHold: content.may_hold ?? [],
    idleSeconds: Math.floor((durationMs(content.idle ?? '15m') ?? 0) / 1000),
    passwordLength: content.password_length ?? 12,
    waivers: (content.waivers ?? []).map(waiver => ({
      ...waiver,
      subjects: waiver.subjects ?? [],
    })),
  }
}

/** For policies/harden.schema.json. */
export function hardenJsonSchema(): object {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input' })
  return { $schema, title: 'harden.yaml', ...rest }
}
