import { availableParallelism } from 'node:os'
import { ENGINE_FAMILIES, type EngineFamily } from '#domain/engine-family'

/** The engines that this run tests; ECOMDB_TEST_ENGINES=mariadb narrows them. */
const ASKED: readonly EngineFamily[] = ENGINE_FAMILIES.filter(family =>
  (process.env['ECOMDB_TEST_ENGINES'] ?? ENGINE_FAMILIES.join()).split(',').includes(family),
)

/** The same in every worker, also across midnight: vitest.config.ts sets both. */
const day = Number(process.env['ECOMDB_TEST_DAY'])
const beganMs = Number(process.env['ECOMDB_TEST_BEGAN'])
const today = ENGINE_FAMILIES.at(day % ENGINE_FAMILIES.length)
const isShort = process.env['ECOMDB_TEST_ENGINES'] === undefined && availableParallelism() <= 2
const LATE_MS = 10 * 60_000

/** Whether a file that is begun now has one engine: two processors, which others use, too, would need half an hour. */
export const isLate = (): boolean => isShort && Date.now() - beganMs > LATE_MS

const ofToday = ASKED.filter(family => family === today)

export const TEST_ENGINES: readonly EngineFamily[] = isLate() ? ofToday : ASKED

/**
 * The engines of the files that take longest. With two processors, and both engines for all, a run
 * takes longer than the 20 minutes that it may: there these have one engine, and the other one the
 * next day (UTC). ECOMDB_TEST_ENGINES=mysql,mariadb has both, whatever the machine.
 */
export const SLOW_TEST_ENGINES: readonly EngineFamily[] = isShort ? ofToday : ASKED

/**
 * What that leaves out, for people; null when nothing.
 *
 * @param late files that were begun when it was late
 */
export function leftOut(late: number): string | null {
  if (!isShort) return null
  const also = late > 0 ? `, and ${late} files that were begun after ten minutes,` : ''
  return `skipped: the slowest files${also} run on ${today} only: two processors; ECOMDB_TEST_ENGINES=mysql,mariadb runs both`
}
