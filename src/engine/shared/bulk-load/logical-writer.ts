import type { LogicalWriter } from '../../logical-writer.ts'
import { compileRestorePlan } from './compile-plan.ts'
import { keysBetween } from './keys-between.ts'
import {
  askViews,
  databasesThere,
  ignoresPlaces,
  objectsThere,
  observeTarget,
} from './observe-target.ts'
import {
  endJournal,
  isMarked,
  lockServer,
  readProgress,
  refuseLocked,
  remadeByOthers,
  requireLocked,
} from './restore-progress.ts'
import { standInFor, standIns } from './stand-in.ts'
import { openWriter } from './writer-session.ts'

/** The same for both engines: they differ in what they tell, not in how they are asked. */
export const logicalWriter: LogicalWriter = {
  lock: lockServer,
  refuseLocked,
  requireLocked,
  observe: observeTarget,
  ignoresPlaces,
  databasesThere,
  objectsThere,
  keysBetween,
  progress: readProgress,
  isMarked,
  remadeSince: remadeByOthers,
  endJournal,
  plan: compileRestorePlan,
  open: openWriter,
  askViews,
  standInFor,
  standIns,
}
