import { z } from 'zod'
import { DURATION, durationMs } from '#core/duration'
import { EcomdbError } from '#core/errors'
import { OPERATOR_COMMANDS } from '#domain/credential/operator-commands'
import type { TotpPolicy } from '#domain/credential/totp-policy'
import type { Config } from './config.ts'
import { readPolicy } from './read-policy.ts'

/** policies/totp.yaml. policies/totp.schema.json, which editors use, is made from this. */

const schema = z
  .strictObject({
    issuer: z
      .string()
      .regex(/^[\w .-]{1,32}$/, 'up to 32 letters, digits, spaces, "_", "." and "-"')
      .optional()
      .describe('what an authenticator app shows beside the code (default ecomdb)'),
    session: z
      .strictObject({
        lasts: z
          .string()
          .regex(DURATION, 'a length of time like 30m')
          .optional()
          .describe('when a session account ends at the latest: 1m to 12h (default 30m)'),
        connections: z
          .int()
          .min(1)
          .max(10)
          .optional()
          .describe('how many connections it may have at a time (default 2)'),
      })
      .optional()
      .describe('the account that the broker gives'),
    operators: z
      .strictObject({
        commands: z
          .array(z.enum(OPERATOR_COMMANDS))
          .optional()
          .describe('commands that ask for the code of who runs them (default: none)'),
        people: z
          .array(z.string().min(1))
          .optional()
          .describe('whose codes count for that (default: of anybody who is enrolled)'),
      })
      .optional()
      .describe('the second factor of who runs ecomdb itself'),
  })
  .describe('policies/totp.yaml: the second factor')

const SHORTEST_MS = 60_000
const LONGEST_MS = 12 * 3_600_000

/**
 * The policy that ecomdb.yaml names (totp_policy), or ecomdb's own.
 * @throws EcomdbError CONFIG_INVALID with file, line and column
 */
export async function loadTotpPolicy(
  config: Pick<Config, 'totpPolicyFile'>,
): Promise<TotpPolicy & { file: string }> {
  const place = { own: 'totp.yaml', key: 'totp_policy' }
  const { content, file } = await readPolicy(config.totpPolicyFile, place, schema)
  const { lasts = '30m', connections = 2 } = content.session ?? {}
  const lastsMs = durationMs(lasts) ?? 0
  if (lastsMs < SHORTEST_MS || lastsMs > LONGEST_MS) {
    throw new EcomdbError('CONFIG_INVALID', {
      what: `a mistake in ${file}`,
      why: `session.lasts: expected 1m to 12h, got ${lasts}`,
    })
  }
  return {
    file,
    issuer: content.issuer ?? 'ecomdb',
    operators: {
      commands: content.operators?.commands ?? [],
      people: content.operators?.people ?? [],
    },
    session: { lastsMs, connections },
  }
}

/** For policies/totp.schema.json. */
export function totpJsonSchema(): object {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input' })
  return { $schema, title: 'totp.yaml', ...rest }
}
