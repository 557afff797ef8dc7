import { sha256 } from '#domain/audit/canonical'
import type { Pruned } from '#domain/audit/checkpoint'
import {
  commonRanges,
  countIds,
  type IdRange,
  parseRanges,
  rangesText,
  subtractRanges,
} from '#domain/audit/id-ranges'
import { type KeptEvents, KeptTree } from '#domain/audit/kept-events'
import type { AuditReader } from '#engine/audit-trail'
import { notAsSigned } from './prove-batches.ts'

/** What a checkpoint is to say of retention, and the lists that get shorter by it. */
export interface Removal extends Pruned {
  shorter: readonly KeptEvents[]
}

/** What stayed of a batch at an earlier run, and what of it stays now. */
export interface Release {
  batch: number
  was: readonly IdRange[]
  kept: readonly IdRange[]
  gone: readonly IdRange[]
}

/**
 * The lists of what retention has left, as they were read for their root. Whoever asks for one
 * again is told whether it is the same: a table can be made to answer two questions differently.
 * Memory is a digest for each list.
 */
export class KeptLists {
  readonly #tree = new KeptTree()
  readonly #digests = new Map<number, Buffer>()
  /** The highest id of any. */
  highest = 0

  /** @param upTo of these batches only */
  static async read(lists: AsyncIterable<KeptEvents>, upTo: number): Promise<KeptLists> {
    const read = new KeptLists()
    for await (const one of lists) {
      if (one.batch > upTo) continue
      read.add(one)
      const last = Number(one.ids.split(/[,-]/).at(-1))
      read.highest = Math.max(read.highest, last || 0)
    }
    return read
  }

  add(one: KeptEvents): void {
    if (one.ids === '') return
    this.#tree.add(one)
    this.#digests.set(one.batch, sha256(one.ids))
  }

  /** What a checkpoint signs, hexadecimal. */
  root(): string {
    return this.#tree.root()
  }

  isSame({ batch, ids }: KeptEvents): boolean {
    const known = this.#digests.get(batch)
    return ids === '' ? known === undefined : sha256(ids).equals(known ?? Buffer.alloc(0))
  }
}

/**
 * The lists with what is still needed alone. Memory is that of those that get shorter.
 * @param signed as they were read for their root
 * @param needed ids of all events that must stay
 */
export async function shorterLists(
  upTo: number,
  signed: KeptLists,
  reader: AuditReader,
  needed: readonly IdRange[],
): Promise<{ lists: KeptLists; releases: Release[] }> {
  const lists = new KeptLists()
  const releases: Release[] = []
  for await (const one of reader.keptEvents()) {
    const { batch } = one
    if (batch > upTo) continue
    if (!signed.isSame(one)) throw notAsSigned(`${batch}`)
    const was = parseRanges(one.ids)
    const kept = commonRanges(was, needed)
    if (countIds(kept) === countIds(was)) lists.add(one)
    else {
      lists.add({ batch, ids: rangesText(kept) })
      releases.push({ batch, was, kept, gone: subtractRanges(was, kept) })
    }
  }
  return { lists, releases }
}
