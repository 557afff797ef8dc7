import type { SnapshotEnvelope } from '../backup/envelope.ts'
import { type HeldSnapshot, scopeOf } from './copy-record.ts'

/** What a copy needs, in the order of copying: the newest first, what it builds on before it. */
export function copyOrder(snapshots: readonly SnapshotEnvelope[]): SnapshotEnvelope[] {
  const byId = new Map(snapshots.map(one => [one.snapshotId, one]))
  const ordered = new Map<string, SnapshotEnvelope>()
  for (const snapshot of [...snapshots].reverse()) {
    const chain: SnapshotEnvelope[] = []
    for (let one: SnapshotEnvelope | undefined = snapshot; one && !chain.includes(one); ) {
      chain.unshift(one)
      one = one.base ? byId.get(one.base) : undefined
    }
    for (const one of chain) ordered.set(one.snapshotId, ordered.get(one.snapshotId) ?? one)
  }
  return [...ordered.values()]
}

/** The newest snapshot of each server, and of each choice of its databases. */
export function newestOfEach(snapshots: readonly SnapshotEnvelope[]): HeldSnapshot[] {
  const newest = new Map<string, HeldSnapshot>()
  for (const { sourceId, snapshotId, consistentAt, scope } of snapshots) {
    const key = scopeOf({ sourceId, scope })
    const before = newest.get(key)
    if (before && before.consistentAt >= consistentAt) continue
    newest.set(key, { sourceId, snapshotId, consistentAt, ...(scope ? { scope } : {}) })
  }
  return [...newest.values()]
}

/** What some of the snapshots build on, through their whole chains. */
export function basesOf(
  snapshots: readonly SnapshotEnvelope[],
  isMeant: (snapshot: SnapshotEnvelope) => boolean,
): Set<string> {
  const byId = new Map(snapshots.map(one => [one.snapshotId, one]))
  const found = new Set<string>()
  for (const snapshot of snapshots.filter(isMeant)) {
    for (let { base } = snapshot; base && !found.has(base); base = byId.get(base)?.base ?? null) {
      found.add(base)
    }
  }
  return found
}
