import type { Config } from '#config/config'
import { systemClock } from '#core/clock'
import type { Progress } from '#core/progress'
import type { Target } from '#target/target'
import { placeWhoseTurnItIs, snapshotOfPlace } from '#workflow/restore/choose-place'
import { wire } from './wire.ts'

/** Where a drill reads and what: as flags and configuration say, or the place and kind whose turn it is. */
export async function drillPlace(
  config: Config,
  { turn, snapshot, rpoMs }: { turn: boolean; snapshot: string; rpoMs: number | null },
  progress: Progress,
): Promise<{ target: Target; snapshot: string }> {
  const target = await wire.target(config)
  if (!turn) return { target, snapshot }
  const copies = config.copies.map(({ name }) => ({
    name,
    open: () => wire.openCopy(config, name),
  }))
  const { trustedSigners } = config.keys
  const turns = { trustedSigners, now: systemClock.now(), progress }
  const place = await placeWhoseTurnItIs(target, copies, turns)
  const isOpen = snapshot === 'latest'
  return {
    target: place.target,
    snapshot: isOpen ? await snapshotOfPlace(place, rpoMs, turns) : snapshot,
  }
}
