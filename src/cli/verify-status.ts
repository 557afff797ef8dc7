import { EXIT } from '#core/errors'
import type { VerifyReport } from '#domain/audit/audit-report'

/** How a command ends that has verified the audit trail. */
export function verifyStatus({ broken, findings }: VerifyReport): number {
  if (broken) return EXIT.VERIFICATION_FAILED
  return findings.length > 0 ? EXIT.FINDINGS : EXIT.DONE
}
