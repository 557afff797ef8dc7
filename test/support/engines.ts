import { ENGINE_FAMILIES, type EngineFamily } from '#domain/engine-family'

/** The engines that this run tests; ECOMDB_TEST_ENGINES=mariadb narrows them. */
export const TEST_ENGINES: readonly EngineFamily[] = ENGINE_FAMILIES.filter(family =>
  (process.env['ECOMDB_TEST_ENGINES'] ?? ENGINE_FAMILIES.join()).split(',').includes(family),
)
