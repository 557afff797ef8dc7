import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { z } from 'zod'
import { EcomdbError, messageOf } from '#core/errors'
import { packageRoot } from '#core/paths'
import { parseYaml } from './parse-config.ts'

/**
 * A policy file: the one that ecomdb.yaml names, or ecomdb's own.
 *
 * @param own its name in policies/: "password.yaml"
 * @param key what names another in ecomdb.yaml
 * @throws EcomdbError CONFIG_INVALID with file, line and column
 */
export async function readPolicy<Value>(
  named: string | undefined,
  { own, key }: { own: string; key: string },
  schema: z.ZodType<Value>,
): Promise<{ content: Value; file: string }> {
  const file = named ?? join(packageRoot(), 'policies', own)
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new EcomdbError('CONFIG_INVALID', {
      what: `cannot read the policy ${file}`,
      why: messageOf(error),
      hints: [`correct ${key} in ecomdb.yaml, or leave it out: ecomdb has one of its own`],
      cause: error,
    })
  })
  return { content: parseYaml(text, file, schema), file }
}
