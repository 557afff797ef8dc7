import type { Session } from '../session.ts'

/** Runs `work` in a transaction: all of it counts, or, when it throws, nothing. */
export async function inTransaction<Result>(
  session: Session,
  work: () => Promise<Result>,
): Promise<Result> {
  await session.run('START TRANSACTION')
  try {
    const result = await work()
    await session.run('COMMIT')
    return result
  } catch (error) {
    await session.run('ROLLBACK').catch(() => {})
    throw error
  }
}
