import { frameText } from './canonical.ts'
import { MerkleTree } from './merkle.ts'

/** Which events of a batch retention has left: "17,30-31". */
export interface KeptEvents {
  batch: number
  ids: string
}

/**
 * The root that a checkpoint signs over what retention has left: its leaves are the lists of the
 * batches of which something stays, in the order of the batches. Memory is that of the tree's
 * height, and of one list.
 */
export class KeptTree {
  readonly #tree = new MerkleTree()

  add({ batch, ids }: KeptEvents): void {
    if (ids !== '') this.#tree.append(frameText(['kept', String(batch), ids]))
  }

  /** Hexadecimal. */
  root(): string {
    return this.#tree.root().toString('hex')
  }
}
