import { sha256 } from '#domain/audit/canonical'
import { type KeptEvents, KeptTree } from '#domain/audit/kept-events'

/**
 * The lists of what retention has left, as they were read for their root. Whoever asks for one
 * again is told whether it is the same: a table can be made to answer two questions differently.
 * Memory is a digest for each list.
 */
export class KeptLists {
  readonly #tree = new KeptTree()
  readonly #digests = new Map<number, Buffer>()

  /** @param upTo of these batches only */
  static async read(lists: AsyncIterable<KeptEvents>, upTo: number): Promise<KeptLists> {
    const read = new KeptLists()
    for await (const one of lists) if (one.batch <= upTo) read.add(one)
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
