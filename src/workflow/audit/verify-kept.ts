import { type FindingList, finding } from '#domain/audit/finding'
import { KeptLists } from './kept-lists.ts'
import type { TrailSource } from './trail-source.ts'
import type { Chain } from './verify-chain.ts'

/**
 * Compares the lists of what retention has left with the root that the newest checkpoint signs:
 * only then is an event that is missing one that was removed in good order.
 *
 * @returns the lists; null: none is signed
 */
export async function checkKept(
  { pruned, head }: Chain,
  source: TrailSource,
  found: FindingList,
): Promise<KeptLists | null> {
  if (pruned.upTo === 0) return null
  const known = { from: head?.sealedAt ?? null, to: source.readAt }
  const lists = await KeptLists.read(source.keptEvents(), pruned.upTo)
  if (lists.root() !== pruned.kept) {
    const detail = `which events of batches 1-${pruned.upTo} retention has left is not what was signed: one of them may be gone`
    found.add(finding('EDITED', detail, { ...known, broken: true }))
  }
  return lists
}
