import { EcomdbError } from '#core/errors'
import type { Checkpoint } from '#domain/audit/checkpoint'
import { type AuditEvent, controlLeaf, eventLeaf } from '#domain/audit/event'
import { countIds, firstThatReaches, type IdRange, parseRanges } from '#domain/audit/id-ranges'
import { HASH_BYTES, leafHash, MerkleTree } from '#domain/audit/merkle'
import type { AuditReader, TrailRecord } from '#engine/audit-trail'
import { tableOf, tablesOf } from './batch-builder.ts'

/** A batch that goes. */
export interface OldBatch {
  batch: number
  ranges: readonly IdRange[]
  /** Ids of it that stay. */
  kept: readonly IdRange[]
  /** Its root, and the leaves that come after the events', to see that it is as it was sealed. */
  root: string
  controlHashes: readonly Buffer[]
}

export function oldBatch({ batch, events, root, controls }: Checkpoint): OldBatch {
  const controlHashes = controls.map(control => leafHash(controlLeaf(control)))
  return { batch, ranges: parseRanges(events), kept: [], root, controlHashes }
}

/**
 * The leaf hashes of all events of a batch, 32 bytes each. What a run has left that was cut short
 * before it signed is not looked at: until then every event is there.
 *
 * @throws EcomdbError TRAIL_BROKEN when it is not what was sealed: evidence is not removed
 */
export async function proofOf(
  one: OldBatch,
  reader: AuditReader,
  trail: TrailRecord,
): Promise<Buffer> {
  const tables = tablesOf(trail)
  const hashes: Buffer[] = []
  for await (const event of one.ranges.length ? reader.events(one.ranges) : []) {
    hashes.push(leafHash(eventLeaf(event, tableOf(event, tables))))
  }
  requireRoot(one, hashes)
  return Buffer.concat(hashes)
}

function hashesOf(bytes: Buffer): Buffer[] {
  const count = Math.ceil(bytes.length / HASH_BYTES)
  return Array.from({ length: count }, (_, at) =>
    bytes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES),
  )
}

export function requireProof(one: OldBatch, hashes: Buffer): void {
  requireRoot(one, hashesOf(hashes))
}

function requireRoot(
  { batch, root, controlHashes }: OldBatch,
  eventHashes: readonly Buffer[],
): void {
  const tree = new MerkleTree()
  for (const hash of [...eventHashes, ...controlHashes]) tree.appendHash(hash)
  if (tree.root().toString('hex') === root) return
  throw broken(
    `batch ${batch} is not what was sealed, and stays`,
    'one of its events, or what proves them, was changed or removed; nothing was removed now',
  )
}

function broken(what: string, why: string): EcomdbError {
  return new EcomdbError('TRAIL_BROKEN', {
    ...{ what, why },
    hints: ['`ecomdb audit verify` names the event'],
  })
}

export function notAsSigned(batches: string): EcomdbError {
  return broken(
    `which events of batches ${batches} stayed is not what was signed`,
    'one of them may have been removed; nothing was removed now',
  )
}

/**
 * Before a list of what stayed gets shorter: all of it is still there, and is what was sealed.
 * @param stayed its ids
 * @throws EcomdbError TRAIL_BROKEN: nobody signs over one that somebody removed
 */
export async function requireStayed(
  one: OldBatch,
  stayed: readonly IdRange[],
  reader: AuditReader,
  trail: TrailRecord,
): Promise<void> {
  const tables = tablesOf(trail)
  const { hashes = Buffer.alloc(0) } = (await reader.leafProof(one.batch)) ?? {}
  requireProof(one, hashes)
  const placeOf = placesOf(one.ranges)
  let found = 0
  for await (const event of reader.events(stayed)) {
    const at = placeOf(event) * HASH_BYTES
    const hash = leafHash(eventLeaf(event, tableOf(event, tables)))
    if (hash.equals(hashes.subarray(at, at + HASH_BYTES))) found += 1
  }
  if (found === countIds(stayed)) return
  throw broken(
    `an event of batch ${one.batch} that retention had left is gone, or not what was sealed`,
    'nothing was removed now',
  )
}

/** Which of a batch's events one is, from 0. */
function placesOf(ranges: readonly IdRange[]): (event: AuditEvent) => number {
  let count = 0
  const before = ranges.map(([from, to]) => {
    const start = count - from
    count += to - from + 1
    return start
  })
  return ({ id }) => id + (before[firstThatReaches(ranges, id)] ?? 0)
}
