import { sha256 } from './canonical.ts'

/** Merkle trees of RFC 6962, section 2.1: leaves begin with 0x00 and nodes with 0x01. */

/** Of a leaf or a node: SHA-256. */
export const HASH_BYTES = 32

/** @param leaf bytes, or their text in UTF-8 */
export function leafHash(leaf: Uint8Array | string): Buffer {
  if (typeof leaf === 'string') return sha256(`\0${leaf}`)
  const bytes = Buffer.allocUnsafe(leaf.length + 1)
  bytes[0] = 0
  bytes.set(leaf, 1)
  return sha256(bytes)
}

/** One, since it is hashed at once. */
const NODE = Buffer.alloc(65, 1)

function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  NODE.set(left, 1)
  NODE.set(right, 33)
  return sha256(NODE)
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

  append(leaf: Uint8Array | string): void {
    this.appendHash(leafHash(leaf))
  }

  appendHash(hash: Buffer): void {
    this.#leaves += 1
    let node = { size: 1, hash }
    for (let last = this.#complete.at(-1); last?.size === node.size; last = this.#complete.at(-1)) {
      this.#complete.pop()
      node = { size: last.size * 2, hash: nodeHash(last.hash, node.hash) }
    }
    this.#complete.push(node)
  }

  /** Of the leaves so far; of none the SHA-256 of nothing. */
  root(): Buffer {
    const right = this.#complete.at(-1)
    if (!right) return sha256('')
    return this.#complete
      .slice(0, -1)
      .reduceRight((hash, node) => nodeHash(node.hash, hash), right.hash)
  }
}
