import { hash } from 'node:crypto'

/**
 * An order-free checksum of a set of rows, for tables without a key, whose rows come in no
 * particular order: the sum modulo 2^128 of the first 16 bytes (big-endian) of each row's
 * SHA-256. A row is its TSV line with the newline. Unlike XOR, two equal rows do not
 * cancel out. Sums of parts add up to the sum of the whole. It guards against accidents;
 * against an attacker the pieces have SHA-256 hashes of their own.
 */
const MODULUS = 1n << 128n

/** The sum of one row. */
export function rowSum(line: Uint8Array): bigint {
  return BigInt(`0x${hash('sha256', line, 'hex').slice(0, 32)}`)
}

export function addRowSums(a: bigint, b: bigint): bigint {
  return (a + b) % MODULUS
}

/** 32 hex digits: how a manifest writes it. */
export function formatRowSum(sum: bigint): string {
  return sum.toString(16).padStart(32, '0')
}
