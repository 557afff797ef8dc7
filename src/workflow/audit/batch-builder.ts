import { LEAF_PREFIX } from '#domain/audit/checkpoint'
import { type AuditEvent, type Control, controlLeaf, eventLeaf } from '#domain/audit/event'
import { RangeBuilder, rangesText } from '#domain/audit/id-ranges'
import { leafHash, MerkleTree } from '#domain/audit/merkle'
import type { TrailRecord } from '#engine/audit-trail'

/** There is room for so many events, and then for twice as many. */
const FIRST_EVENTS = 256

/** Collects the events of one batch: their tree, their ids, and the start of each leaf's hash. */
export class BatchBuilder {
  readonly #tree = new MerkleTree()
  readonly #ids = new RangeBuilder()
  #prefixes = Buffer.alloc(FIRST_EVENTS * LEAF_PREFIX)

  get count(): number {
    return this.#ids.count
  }

  add(event: AuditEvent, table: string): void {
    const hash = leafHash(eventLeaf(event, table))
    this.#tree.appendHash(hash)
    const start = this.count * LEAF_PREFIX
    if (start === this.#prefixes.length) {
      this.#prefixes = Buffer.concat([this.#prefixes], 2 * this.#prefixes.length)
    }
    hash.copy(this.#prefixes, start, 0, LEAF_PREFIX)
    this.#ids.add(event.id)
  }

  finish(controls: readonly Control[]): { root: string; leaves: Buffer; ranges: string } {
    for (const control of controls) this.#tree.append(controlLeaf(control))
    return {
      root: this.#tree.root().toString('hex'),
      leaves: this.#prefixes.subarray(0, this.count * LEAF_PREFIX),
      ranges: rangesText(this.#ids.ranges),
    }
  }
}

/** Cuts events into batches; the last one may be empty, and there is always one. */
export async function* batchesOf(
  events: AsyncIterable<AuditEvent>,
  tables: ReadonlyMap<number, string>,
  maxEvents: number,
): AsyncIterable<{ builder: BatchBuilder; last: boolean }> {
  let builder = new BatchBuilder()
  for await (const event of events) {
    if (builder.count === maxEvents) {
      yield { builder, last: false }
      builder = new BatchBuilder()
    }
    builder.add(event, tableOf(event, tables))
  }
  yield { builder, last: true }
}

/** The table of each layout. */
export function tablesOf({ layouts }: Pick<TrailRecord, 'layouts'>): Map<number, string> {
  return new Map(layouts.map(({ id, table }) => [id, table]))
}

/** Events of no table, and of a layout that nobody wrote down, have an empty name. */
export function tableOf(event: AuditEvent, tables: ReadonlyMap<number, string>): string {
  return tables.get(event.layout) ?? ''
}
