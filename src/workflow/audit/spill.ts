import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MIB } from '#core/units'

/** What a record is kept under, and the record. */
export interface SpilledRecord {
  key: Buffer
  record: Buffer
}

/** Bytes that a bucket gathers before it goes to its file. */
const GATHERED = MIB / 4
/** So little stays in memory altogether. */
const SMALL = 32 * MIB

/**
 * Records by key, more than memory holds: in files, each with the records of its share of the
 * keys. The files are encrypted with a key that only this process has, since rows are in them.
 */
export class Spill {
  readonly #buckets: { parts: Buffer[]; bytes: number; file: BucketFile | null }[]
  #folder: string | null = null
  #bytes = 0

  constructor(buckets: number) {
    this.#buckets = Array.from({ length: buckets }, () => ({ parts: [], bytes: 0, file: null }))
  }

  add(key: Buffer, record: Buffer): void {
    const bucket = this.#buckets[hashOf(key) % this.#buckets.length]
    if (!bucket) return
    const head = Buffer.allocUnsafe(8)
    head.writeUInt32LE(key.length, 0)
    head.writeUInt32LE(record.length, 4)
    bucket.parts.push(head, key, record)
    const bytes = 8 + key.length + record.length
    bucket.bytes += bytes
    this.#bytes += bytes
    if (this.#bytes > SMALL && bucket.bytes > GATHERED) this.#flush(bucket)
  }

  /** The records of one bucket after another, in the order in which they came. */
  *buckets(): Iterable<Iterable<SpilledRecord>> {
    for (const bucket of this.#buckets) {
      const stored = bucket.file?.read() ?? Buffer.alloc(0)
      const all = Buffer.concat([stored, ...bucket.parts])
      bucket.parts = []
      if (all.length > 0) yield recordsOf(all)
    }
  }

  close(): void {
    for (const { file } of this.#buckets) file?.close()
    if (this.#folder) rmSync(this.#folder, { recursive: true, force: true })
  }

  #flush(bucket: { parts: Buffer[]; bytes: number; file: BucketFile | null }): void {
    this.#folder ??= mkdtempSync(join(tmpdir(), 'ecomdb-verify-'))
    bucket.file ??= new BucketFile(join(this.#folder, `${this.#buckets.indexOf(bucket)}`))
    bucket.file.write(Buffer.concat(bucket.parts))
    this.#bytes -= bucket.bytes
    bucket.parts = []
    bucket.bytes = 0
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
    const keyEnd = at + 8 + all.readUInt32LE(at)
    const end = keyEnd + all.readUInt32LE(at + 4)
    yield { key: all.subarray(at + 8, keyEnd), record: all.subarray(keyEnd, end) }
    at = end
  }
}

/** FNV-1a. */
function hashOf(bytes: Buffer): number {
  let hash = 0x811c9dc5
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash >>> 0
}
