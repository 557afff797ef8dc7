import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '#core/paths'
import { silentProgress } from '#core/progress'
import type { EngineFamily } from '#domain/engine-family'
import type { Engine } from '#engine/engine'
import type { ConnectOptions, Session } from '#engine/session'
import { withDatabase, withOwnDatabase } from '#test/servers'
import { withFolder } from '#test/temporary'
import { applyProvision } from '#workflow/provision/apply-provision'

/** A provisioned shop without rows (but its products), and a folder of the test's own. */
export interface ShopContext {
  engine: Engine
  connect: ConnectOptions
  session: Session
  database: string
  folder: string
  /** For runEcomdb. */
  env: Record<string, string>
}

export async function withShop(
  family: EngineFamily,
  use: (shop: ShopContext) => Promise<void>,
): Promise<void> {
  await shopIn(withDatabase, family, use)
}

/** The same on a server of its own, for a test that backs it up. */
export async function withOwnShop(
  family: EngineFamily,
  use: (shop: ShopContext) => Promise<void>,
): Promise<void> {
  await shopIn(withOwnDatabase, family, use)
}

async function shopIn(
  inDatabase: typeof withDatabase,
  family: EngineFamily,
  use: (shop: ShopContext) => Promise<void>,
): Promise<void> {
  await inDatabase(family, async ({ engine, server, session, database }) => {
    const connect = { ...server.administrator, database }
    await applyProvision(engine, { connect }, silentProgress())
    const env = {
      ECOMDB_ENGINE: family,
      ECOMDB_SOCKET: server.socketPath,
      ECOMDB_USER: 'root',
      ECOMDB_DATABASE: database,
    }
    await withFolder(folder => use({ engine, connect, session, database, folder, env }))
  })
}

/** The committed exports with every drift of the shop's own: invented rows, 354 lines. */
export function fixtureFiles(): string[] {
  return csvFiles(join(packageRoot(), 'test/fixtures/shop-exports'))
}

/** The shop's real exports, or null where they are not (they are not in the repository). */
export function realFiles(): string[] | null {
  const folder =
    process.env['ECOMDB_SHOP_DATA'] ?? join(packageRoot(), '../shared/data/bear-builders')
  return existsSync(folder) ? csvFiles(folder) : null
}

function csvFiles(folder: string): string[] {
  const names = readdirSync(folder).filter(name => name.endsWith('.csv'))
  return names.sort().map(name => join(folder, name))
}
