import type { Config } from '#config/config'
import type { Progress } from '#core/progress'
import { type DrillPlace, placeWhoseTurnItIs } from '#workflow/restore/choose-place'
import { wire } from './wire.ts'

/** Where a drill reads: what flags and configuration say, or the place whose turn it is. */
export async function drillPlace(
  config: Config,
  turn: boolean,
  progress: Progress,
): Promise<DrillPlace> {
  const target = await wire.target(config)
  if (!turn) return { name: null, target }
  const copies = config.copies.map(({ name }) => ({
    name,
    open: async () => (await wire.copyPlace(config, name)).destination,
  }))
  return await placeWhoseTurnItIs(target, copies, config.keys.trustedSigners, progress)
}
