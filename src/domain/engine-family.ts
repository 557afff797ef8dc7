/** The server family. Its two members differ in GTIDs, accounts, locks and tools. */
export type EngineFamily = 'mysql' | 'mariadb'

export const ENGINE_FAMILIES: readonly EngineFamily[] = ['mysql', 'mariadb']
