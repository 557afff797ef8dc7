import { option, string } from '@oclif/core/flags'
import { ENGINE_FAMILIES, type EngineFamily } from '#domain/engine-family'

/** Which sandbox. ECOMDB_ENGINE is the default; 'auto' there means mariadb here. */
export const sandboxFlags = {
  engine: option({
    options: ['mariadb', 'mysql'] as const,
    default: async (): Promise<EngineFamily> =>
      ENGINE_FAMILIES.find(family => family === process.env['ECOMDB_ENGINE']) ?? 'mariadb',
    defaultHelp: async () => 'ECOMDB_ENGINE, else mariadb',
    noCacheDefault: true,
    summary: 'which server',
  })(),
  name: string({
    default: 'default',
    helpValue: 'NAME',
    summary: 'which sandbox: several can run side by side',
  }),
}
