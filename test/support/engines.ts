import { availableParallelism } from 'node:os'
import { ENGINE_FAMILIES, type EngineFamily } from '#domain/engine-family'

/** The engines that this run tests; ECOMDB_TEST_ENGINES=mariadb narrows them. */
export const TEST_ENGINES: readonly EngineFamily[] = ENGINE_FAMILIES.filter(family =>
  (process.env['ECOMDB_TEST_ENGINES'] ?? ENGINE_FAMILIES.join()).split(',').includes(family),
)

/** The same in every worker, also across midnight: vitest.config.ts sets it. */
const day = Number(process.env['ECOMDB_TEST_DAY'])
const today = ENGINE_FAMILIES.at(day % ENGINE_FAMILIES.length)
const isShort = process.env['ECOMDB_TEST_ENGINES'] === undefined && availableParallelism() <= 2

/**
 * The engines of the files that take longest. With two processors, and both engines for all, a run
 * takes longer than the 20 minutes that it may: there these have one engine, and the other one the
 * next day (UTC). ECOMDB_TEST_ENGINES=mysql,mariadb has both, whatever the machine.
 */
export const SLOW_TEST_ENGINES: readonly EngineFamily[] = isShort
  ? TEST_ENGINES.filter(family => family === today)
  : TEST_ENGINES

/** What that leaves out, for people; null when nothing. */
export const LEFT_OUT: string | null = isShort
  ? `skipped: the slowest files run on ${today} only: two processors; ECOMDB_TEST_ENGINES=mysql,mariadb runs both`
  : null
