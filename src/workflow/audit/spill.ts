import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KIB } from '#core/units'

/** What a record is kept under, and the record. */
export interface SpilledRecord {
  key: Buffer
  record: Buffer
}

/** What a bucket gathers before it goes to its file; it begins small and doubles. */
const FIRST = 4 * KIB
const GATHERED = 128 * KIB
const HEAD = 8

interface Bucket {
  gathered: Buffer
  used: number
  file: BucketFile | null
}

/**
 * Records by key, more than memory holds: in files, each with the records of its share of the
 * keys. The files are encrypted with a key that only this process has, since rows are in them.
 * Memory is that of the buckets' buffers, and of one bucket's records while they are read.
 */
export class Spill {
  readonly #buckets: Bucket[]
  #folder: string | null = null

  constructor(buckets: number) {
    const none = Buffer.alloc(0)
    this.#buckets = Array.from({ length: buckets }, () => ({ gathered: none, used: 0, file: null }))
  }

  /** @param parts of the record, which are copied */
  add(key: Buffer, ...parts: readonly Uint8Array[]): void {
    const bucket = this.#buckets[hashOf(key) % this.#buckets.length]
    if (!bucket) return
    let length = 0
    for (const part of parts) length += part.length
    const bytes = this.#room(bucket, HEAD + key.length + length)
    let at = bucket.used
    bytes.writeUInt32LE(key.length, at)
    bytes.writeUInt32LE(length, at + 4)
    bytes.set(key, at + HEAD)
    at += HEAD + key.length
    for (const part of parts) {
      bytes.set(part, at)
      at += part.length
    }
    bucket.used = at
  }

  /** The bucket's buffer, with room for so many bytes more. */
  #room(bucket: Bucket, bytes: number): Buffer {
    const wanted = bucket.used + bytes
    if (wanted <= bucket.gathered.length) return bucket.gathered
    if (bucket.used > 0 && wanted > GATHERED) this.#flush(bucket)
    let size = Math.max(FIRST, bucket.gathered.length)
    while (size < bucket.used + bytes) size *= 2
    if (size > bucket.gathered.length) {
      const larger = Buffer.allocUnsafeSlow(size)
      bucket.gathered.copy(larger, 0, 0, bucket.used)
      bucket.gathered = larger
    }
    return bucket.gathered
  }

  /** The records of one bucket after another, in the order in which they came. */
  *buckets(): Iterable<Iterable<SpilledRecord>> {
    for (const bucket of this.#buckets) {
      const gathered = bucket.gathered.subarray(0, bucket.used)
      const all = bucket.file ? Buffer.concat([bucket.file.read(), gathered]) : gathered
      bucket.gathered = Buffer.alloc(0)
      bucket.used = 0
      if (all.length > 0) yield recordsOf(all)
    }
  }

  close(): void {
    for (const { file } of this.#buckets) file?.close()
    if (this.#folder) rmSync(this.#folder, { recursive: true, force: true })
  }

  #flush(bucket: Bucket): void {
    this.#folder ??= mkdtempSync(join(tmpdir(), 'ecomdb-verify-'))
    bucket.file ??= new BucketFile(join(this.#folder, `${this.#buckets.indexOf(bucket)}`))
    bucket.file.write(bucket.gathered.subarray(0, bucket.used))
    bucket.used = 0
    if (bucket.gathered.length > GATHERED) bucket.gathered = Buffer.alloc(0)
  }
}

class BucketFile {
  readonly #path: string
  readonly #key = randomBytes(32)
  readonly #iv = randomBytes(16)
  readonly #cipher = createCipheriv('aes-256-ctr', this.#key, this.#iv)
  readonly #file: number

  constructor(path: string) {
    this.#path = path
    this.#file = openSync(path, 'wx', 0o600)
  }

  write(bytes: Buffer): void {
    const sealed = this.#cipher.update(bytes)
    for (let at = 0; at < sealed.length; ) at += writeSync(this.#file, sealed, at)
  }

  read(): Buffer {
    const decipher = createDecipheriv('aes-256-ctr', this.#key, this.#iv)
    return decipher.update(readFileSync(this.#path))
  }

  close(): void {
    closeSync(this.#file)
  }
}

function* recordsOf(all: Buffer): Iterable<SpilledRecord> {
  for (let at = 0; at < all.length; ) {
    const keyEnd = at + HEAD + all.readUInt32LE(at)
    const end = keyEnd + all.readUInt32LE(at + 4)
    yield { key: all.subarray(at + HEAD, keyEnd), record: all.subarray(keyEnd, end) }
    at = end
  }
}

/** FNV-1a. */
function hashOf(bytes: Buffer): number {
  let hash = 0x811c9dc5
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash >>> 0
}
