import { EcomdbError } from '#core/errors'
import type { Repository } from './contract.ts'

const MAY_HAVE_GONE: ReadonlySet<string> = new Set(['SNAPSHOT_NOT_FOUND', 'OBJECT_DAMAGED'])

/**
 * Is this error that of a snapshot which was removed since it was listed? Locks do not reach other hosts, and an
 * expire there removes the envelope before anything else: while it is there, what lacks is damage.
 *
 * @throws EcomdbError TARGET_UNAVAILABLE, STORAGE_FAILED
 */
export async function hasGone(
  error: unknown,
  repository: Pick<Repository, 'isThere'>,
  snapshotId: string,
): Promise<boolean> {
  const mayHave = error instanceof EcomdbError && MAY_HAVE_GONE.has(error.code)
  return mayHave && !(await repository.isThere(snapshotId))
}
