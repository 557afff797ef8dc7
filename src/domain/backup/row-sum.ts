import { createHash, type Hash, hash } from 'node:crypto'

/**
 * An order-free checksum of a set of rows, for tables without a key, whose rows come in no
 * particular order: the sum modulo 2^128 of the first 16 bytes (big-endian) of each row's
 * SHA-256. A row is its TSV line with the newline. Unlike XOR, two equal rows do not
 * cancel out. Sums of parts add up to the sum of the whole. It guards against accidents;
 * against an attacker the pieces have SHA-256 hashes of their own.
 */
const MODULUS = 1n << 128n

export function addRowSums(a: bigint, b: bigint): bigint {
  return (a + b) % MODULUS
}

/** 32 hex digits: how a manifest writes it. */
export function formatRowSum(sum: bigint): string {
  return sum.toString(16).padStart(32, '0')
}

/** Rows whose 32-bit words can be added as doubles before a carry must be made: 2^53 / 2^32. */
const CARRY_AFTER = 2 ** 20

/** Adds rows up; a bigint per row would take longer than the hash. */
export class RowSummer {
  readonly #words = [0, 0, 0, 0]
  #pending = 0
  #sum = 0n
  #parts: Hash | null = null

  /** @param line a row's TSV with its newline */
  add(line: Uint8Array): void {
    this.#addDigest(hash('sha256', line, 'buffer'))
  }

  /** A part of a row's TSV; `endParts` follows the last. */
  addPart(part: Uint8Array): void {
    this.#parts ??= createHash('sha256')
    this.#parts.update(part)
  }

  endParts(): void {
    if (this.#parts) this.#addDigest(this.#parts.digest())
    this.#parts = null
  }

  /** The sum of the rows since the last call. */
  take(): bigint {
    this.#carry()
    const sum = this.#sum
    this.#sum = 0n
    return sum
  }

  #addDigest(digest: Buffer): void {
    for (let word = 0; word < 4; word++) {
      this.#words[word] = (this.#words[word] ?? 0) + digest.readUInt32BE(word * 4)
    }
    this.#pending += 1
    if (this.#pending === CARRY_AFTER) this.#carry()
  }

  #carry(): void {
    const total = this.#words.reduce((sum, word) => (sum << 32n) + BigInt(word), 0n)
    this.#sum = addRowSums(this.#sum, total)
    this.#words.fill(0)
    this.#pending = 0
  }
}
