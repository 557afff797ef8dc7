import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import { LEAST_LENGTH, type PasswordPolicy } from '#domain/credential/password-policy'
import type { Config } from './config.ts'
import { readPolicy } from './read-policy.ts'

/**
 * policies/password.yaml. policies/password.schema.json, which editors use, is made from this.
 */

const count = (least: number, most: number, what: string) =>
  z.int().min(least).max(most).describe(what)

const schema = z
  .strictObject({
    min_length: count(LEAST_LENGTH, 64, 'the least characters (default 12)').optional(),
    max_length: count(16, 1024, 'the most characters (default 128)').optional(),
    requires: z
      .array(z.enum(['digit', 'upper', 'lower', 'special']))
      .optional()
      .describe('at least one of each (default: all four)'),
    max_repeat: count(1, 128, 'how often a character may stand in a row (default 1)').optional(),
    max_run: count(2, 128, 'how long abc, 321 or qwe may go on (default 2)').optional(),
    min_score: count(0, 4, "zxcvbn's score (default 3)").optional(),
    history: count(0, 24, 'so many earlier passwords are refused (default 5)').optional(),
    words: z
      .array(z.string().min(1))
      .optional()
      .describe("the shop's own words, which weaken a password that holds them"),
    breach_list: z
      .string()
      .min(1)
      .optional()
      .describe('a file of known passwords, one a line, or of their SHA-1 sums in hex'),
    lockout: z
      .strictObject({
        attempts: count(3, 100, 'refused logins in a row (default 10)').optional(),
        days: count(1, 3650, 'how long MySQL then refuses (default 1)').optional(),
      })
      .optional()
      .describe(
        'when MySQL itself refuses more attempts; MariaDB has one limit for the whole server',
      ),
  })
  .describe('policies/password.yaml: what a password must be')

/**
 * The policy that ecomdb.yaml names (password_policy), or ecomdb's own.
 * @throws EcomdbError CONFIG_INVALID with file, line and column
 */
export async function loadPasswordPolicy(
  config: Pick<Config, 'passwordPolicyFile'>,
): Promise<PasswordPolicy & { file: string }> {
  const place = { own: 'password.yaml', key: 'password_policy' }
  const { content, file } = await readPolicy(config.passwordPolicyFile, place, schema)
  const { requires = ['digit', 'upper', 'lower', 'special'], lockout = {} } = content
  const needs = (kind: (typeof requires)[number]): boolean => requires.includes(kind)
  return {
    file,
    minLength: content.min_length ?? 12,
    maxLength: content.max_length ?? 128,
    requires: {
      digit: needs('digit'),
      upper: needs('upper'),
      lower: needs('lower'),
      special: needs('special'),
    },
    maxRepeat: content.max_repeat ?? 1,
    maxRun: content.max_run ?? 2,
    minScore: content.min_score ?? 3,
    history: content.history ?? 5,
    words: content.words ?? [],
    breachListFile: content.breach_list ? resolve(dirname(file), content.breach_list) : null,
    lockout: { attempts: lockout.attempts ?? 10, days: lockout.days ?? 1 },
  }
}

/** For policies/password.schema.json. */
export function passwordJsonSchema(): object {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input' })
  return { $schema, title: 'password.yaml', ...rest }
}
