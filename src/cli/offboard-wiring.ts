import type { Config } from '#config/config'
import { receiptPlace } from '#workflow/access/keep-receipt'
import type { OffboardPlace } from '#workflow/access/offboard-options'
import { wire } from './wire.ts'

/** The configured server, its replicas, and the place for the receipt. */
export async function offboardPlace(
  config: Config,
  servers: readonly string[],
): Promise<OffboardPlace> {
  const { engine, connect } = await wire.server(config)
  const receipts = await receiptPlace({
    openTarget: config.target.place ? () => wire.target(config) : null,
    signingKeyFile: config.keys.signingKeyFile,
  })
  return {
    engine,
    connect,
    replicas: await wire.replicas(config, servers),
    repositoryId: receipts.repositoryId,
    keepReceipt: receipts.keep,
  }
}
