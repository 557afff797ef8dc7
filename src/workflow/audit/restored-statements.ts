import { EcomdbError } from '#core/errors'
import { openStatement } from '#crypto/signed-statement'
import type { RestoredTrail } from '#domain/audit/restored-trail'

/** What `ecomdb restore` left in a trail; what no trusted key signed is as if it was not there. */
export function believedRestores(
  statements: readonly Buffer[],
  trustedSigners: readonly string[],
): RestoredTrail[] {
  return statements.flatMap(statement => {
    try {
      const { value } = openStatement('audit-restore', statement, trustedSigners, 'a restore')
      return [value as RestoredTrail]
    } catch (error) {
      if (error instanceof EcomdbError && error.code === 'SIGNATURE_INVALID') return []
      throw error
    }
  })
}
