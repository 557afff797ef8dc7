import type { Flavor } from '#engine/flavor'

/** What only later versions of MySQL have of what tests make, and since when. */
const NEWER: readonly (readonly [RegExp, number, number])[] = [
  [/'AUTOMATIC:/, 8, 3],
  [/\bUPDATE HISTOGRAM\b.* AUTO UPDATE$/, 8, 4],
  [/\bVECTOR\b/, 9, 0],
  [/\bLIBRARY\b|\bLANGUAGE JAVASCRIPT\b/, 9, 2],
  [/\bTABLESAMPLE\b/, 9, 7],
  // Older ones print no trigger that they cannot read.
  [/\bTRIGGER second\.`q表`/, 9, 0],
]

/** Does a server know what a statement makes? */
export function isKnown(sql: string, flavor: Flavor): boolean {
  if (flavor.family !== 'mysql') return true
  return NEWER.every(
    ([what, major, minor]) => !what.test(sql) || flavor.atLeast('mysql', major, minor),
  )
}
