import { EcomdbError } from '#core/errors'
import { KEPT_DAMAGED } from '#domain/copy/copy-report'
import type { Target } from '#target/target'

/**
 * Takes a damaged file out of a copy, so that it can be brought again. A bucket with locks does not let it go
 * before its lock is over, for years perhaps: what needs it is not whole there, and all else goes on being copied.
 *
 * @throws EcomdbError OBJECT_DAMAGED: the copy keeps it; TARGET_UNAVAILABLE
 */
export async function takeOut(destination: Target, path: string): Promise<void> {
  try {
    await destination.remove(path)
  } catch (error) {
    if (!(error instanceof EcomdbError) || error.code !== 'STORAGE_FAILED') throw error
    const until = (await destination.lock?.heldUntil(path)) ?? null
    const why = until ? `locked until ${until.toISOString()}` : (error.why ?? error.what)
    throw new EcomdbError('OBJECT_DAMAGED', {
      what: `${path} ${KEPT_DAMAGED}: ${why}`,
      why: error.why,
      cause: error,
    })
  }
}
