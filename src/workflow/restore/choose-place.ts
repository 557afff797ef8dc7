import { EcomdbError } from '#core/errors'
import type { Progress } from '#core/progress'
import { drillsAt } from '#domain/status/drill-record'
import { newestTurn } from '#domain/status/drill-turn'
import { snapshotInTurn } from '#domain/status/snapshot-in-turn'
import { openRepository } from '#repository/repository'
import type { Target } from '#target/target'
import { drillHistory } from '../status/drill-history.ts'

/** A place that a drill can read from. */
export interface DrillPlace {
  /** null: the repository itself. */
  name: string | null
  target: Target
}

interface Turns {
  trustedSigners: readonly string[]
  now: Date
  progress: Progress
}

/**
 * Of the repository and the copies that are here, the one whose newest signed drill is the oldest, whatever came of it:
 * run after run, each has its turn. One that could not run is signed by nobody, and has its turn until somebody has
 * mended it: the next place would pass, and nobody would be told of it.
 */
export async function placeWhoseTurnItIs(
  repository: Target,
  copies: readonly { name: string; open: () => Promise<Target> }[],
  turns: Turns,
): Promise<DrillPlace> {
  const places: DrillPlace[] = [{ name: null, target: repository }]
  for (const { name, open } of copies) {
    try {
      places.push({ name, target: await open() })
    } catch (error) {
      if (!(error instanceof EcomdbError)) throw error
      turns.progress.warn(`${name} is not here, and has its turn another time: ${error.what}`)
    }
  }
  const drilled: { place: DrillPlace; at: string }[] = []
  for (const place of places) {
    const at = await newestDrill(place, turns)
    if (at !== null) drilled.push({ place, at })
  }
  const [oldest] = drilled.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
  return oldest?.place ?? { name: null, target: repository }
}

/** Whose turn it is in the place; 'latest' where there is none yet, which the drill then says. */
export async function snapshotOfPlace(
  { target }: DrillPlace,
  rpoMs: number | null,
  { trustedSigners, now }: Omit<Turns, 'progress'>,
): Promise<string> {
  const history = await drillHistory(target, trustedSigners)
  const { snapshots, refused } = await (await openRepository(target)).listSnapshots(trustedSigners)
  // Where a newer one may be that is not believed, 'latest' says so.
  if (refused.length > 0) return 'latest'
  return snapshotInTurn(snapshots, drillsAt(history), { now, rpoMs }) ?? 'latest'
}

/** '' where there was none; null where there is nothing to drill. */
async function newestDrill(
  { name, target }: DrillPlace,
  { trustedSigners, now, progress }: Turns,
): Promise<string | null> {
  try {
    const newest = newestTurn(drillsAt(await drillHistory(target, trustedSigners)), now)
    if (newest !== '' || name === null) return newest
    if (!(await isEmpty(target, trustedSigners))) return ''
    progress.warn(`${name} has no snapshot yet, and has its turn another time`)
    return null
  } catch (error) {
    if (!(error instanceof EcomdbError) || name === null) throw error
    progress.warn(`${name} is not here, and has its turn another time: ${error.what}`)
    return null
  }
}

/** A copy that was prepared, and not copied to. */
async function isEmpty(target: Target, trustedSigners: readonly string[]): Promise<boolean> {
  const { snapshots, refused } = await (await openRepository(target)).listSnapshots(trustedSigners)
  return snapshots.length === 0 && refused.length === 0
}
