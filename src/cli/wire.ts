import type { EngineFamily } from '#domain/engine-family'
import type { Engine } from '#engine/engine'

/**
 * The one place that names concrete engines and targets. Each is imported when it is
 * first needed, so that `ecomdb --help` loads neither a driver nor an SDK.
 */
export async function engineFor(family: EngineFamily): Promise<Engine> {
  if (family === 'mysql') return (await import('#engine/mysql/engine')).mysqlEngine
  return (await import('#engine/mariadb/engine')).mariadbEngine
}
