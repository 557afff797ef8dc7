import { openStatement } from '#crypto/signed-statement'
import { type Checkpoint, checkpointOf } from '#domain/audit/checkpoint'

/**
 * What a trusted signer signed as a checkpoint.
 *
 * @param name of the file, for the error
 * @throws EcomdbError SIGNATURE_INVALID
 */
export function openCheckpoint(
  statement: Buffer,
  trustedSigners: readonly string[],
  name: string,
): Checkpoint {
  return checkpointOf(openStatement('audit-checkpoint', statement, trustedSigners, name).value)
}
