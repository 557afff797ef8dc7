import { isDiskFull } from '#core/storage-error'

/**
 * Announces what is to go; where the disk is full, not yet: what was announced before goes first, and makes room for it.
 *
 * @returns null: there was no room
 */
export async function unlessFull<Result>(
  announce: () => Promise<Result>,
): Promise<{ announced: Result } | null> {
  try {
    return { announced: await announce() }
  } catch (error) {
    if (isDiskFull(error)) return null
    throw error
  }
}
