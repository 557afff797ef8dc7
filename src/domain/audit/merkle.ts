import { sha256 } from './canonical.ts'

/** Merkle trees of RFC 6962, section 2.1: leaves begin with 0x00 and nodes with 0x01. */

const LEAF = Buffer.of(0)
const NODE = Buffer.of(1)

export function leafHash(leaf: Uint8Array): Buffer {
  return sha256(LEAF, leaf)
}

/**
 * Takes leaves one by one and keeps one hash for each complete subtree, so that a tree of any
 * size needs the memory of its height.
 */
export class MerkleTree {
  readonly #complete: { size: number; hash: Buffer }[] = []
  #leaves = 0

  get leaves(): number {
    return this.#leaves
  }

  append(leaf: Uint8Array): void {
    this.appendHash(leafHash(leaf))
  }

  appendHash(hash: Buffer): void {
    this.#leaves += 1
    let node = { size: 1, hash }
    for (let last = this.#complete.at(-1); last?.size === node.size; last = this.#complete.at(-1)) {
      this.#complete.pop()
      node = { size: last.size * 2, hash: sha256(NODE, last.hash, node.hash) }
    }
    this.#complete.push(node)
  }

  /** Of the leaves so far; of none the SHA-256 of nothing. */
  root(): Buffer {
    const right = this.#complete.at(-1)
    if (!right) return sha256()
    return this.#complete
      .slice(0, -1)
      .reduceRight((hash, node) => sha256(NODE, node.hash, hash), right.hash)
  }
}
