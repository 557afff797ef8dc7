import type { SnapshotEnvelope } from '../backup/envelope.ts'

/**
 * The files that nobody needs once some snapshots are gone: what they name and no other
 * envelope does. An object may be shared by content, and a base's manifest is named by what
 * builds on it.
 */
export function filesOnlyOf(
  gone: readonly SnapshotEnvelope[],
  staying: readonly SnapshotEnvelope[],
): string[] {
  const needed = namedFiles(staying)
  return [...namedFiles(gone)].filter(path => !needed.has(path)).sort()
}

/** Everything that envelopes name. */
export function namedFiles(envelopes: readonly SnapshotEnvelope[]): Set<string> {
  return new Set(
    envelopes.flatMap(({ objects, manifest }) => [
      ...objects.map(({ path }) => path),
      manifest.path,
    ]),
  )
}
