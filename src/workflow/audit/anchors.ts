import { messageOf } from '#core/errors'
import { checkpointName, leavesName } from '#domain/audit/checkpoint'
import type { Target } from '#target/target'

/** The checkpoints of one trail in one place outside the database. */
export class Anchor {
  readonly label: string
  readonly #target: Target
  readonly #folder: string

  constructor(target: Target, trailId: string) {
    this.label = target.label
    this.#target = target
    this.#folder = `audit/${trailId}/`
  }

  /** The numbers of the checkpoints that are there, ascending. */
  async batches(): Promise<number[]> {
    const found: number[] = []
    for await (const { name } of this.#target.list(this.#folder)) {
      const [, number] = /\/(\d{10})\.json$/.exec(name) ?? []
      if (number) found.push(Number(number))
    }
    return found
  }

  async statement(batch: number): Promise<Buffer | null> {
    return await this.#target.get(this.#folder + checkpointName(batch))
  }

  async leaves(batch: number): Promise<Buffer | null> {
    return await this.#target.get(this.#folder + leavesName(batch))
  }

  /** The files of the erasure ledger. */
  async *erasures(): AsyncIterable<{ name: string; file: Buffer }> {
    for await (const { name } of this.#target.list(`${this.#folder}erasures/`)) {
      const file = name.endsWith('.json') ? await this.#target.get(name) : null
      if (file) yield { name, file }
    }
  }

  async putErasure(erasureId: string, file: Uint8Array): Promise<void> {
    await this.#target.put(`${this.#folder}erasures/${erasureId}.json`, [file])
  }

  /** The leaves first: a checkpoint that is there is complete. */
  async put(batch: number, statement: Uint8Array, leaves: Uint8Array): Promise<void> {
    const file = this.#folder + leavesName(batch)
    if (!(await this.#target.stat(file))) await this.#target.put(file, [leaves])
    await this.#target.put(this.#folder + checkpointName(batch), [statement])
  }
}

/** What the anchors of a trail have, and those that could not be asked. */
export interface AnchorListing {
  places: readonly { anchor: Anchor; batches: readonly number[] }[]
  /** In words. */
  notes: readonly string[]
}

/** To be asked before the database is read: a checkpoint is there before it is in an anchor. */
export async function listAnchors(
  trailId: string,
  targets: readonly Target[],
): Promise<AnchorListing> {
  const places: { anchor: Anchor; batches: number[] }[] = []
  const notes: string[] = []
  for (const target of targets) {
    const anchor = new Anchor(target, trailId)
    try {
      places.push({ anchor, batches: await anchor.batches() })
    } catch (error) {
      notes.push(`the anchor ${target.label} was not compared: ${messageOf(error)}`)
    }
  }
  return { places, notes }
}
