import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { EcomdbError, messageOf } from '#core/errors'
import type { AuditEvent, Control } from '#domain/audit/event'
import type { LeafProof } from '#engine/audit-trail'
import type { Target } from '#target/target'
import { listAnchors } from './anchors.ts'
import type { ExportedEvent, ExportLine } from './export-trail.ts'
import type { TrailSource } from './trail-source.ts'

/**
 * The trail of an export, read from its start to its end as a verification asks for it; no
 * server is needed.
 *
 * @throws EcomdbError INPUT_NOT_FOUND, INPUT_INVALID when it is none, or was cut short
 */
export async function openExport(file: string, targets: readonly Target[]): Promise<TrailSource> {
  await stat(file).catch((error: unknown) => {
    throw new EcomdbError('INPUT_NOT_FOUND', {
      what: `cannot read the export ${file}`,
      why: messageOf(error),
      cause: error,
    })
  })
  const lines = new Lines(file)
  const head = await lines.next()
  if (head?.type !== 'trail' || head.format !== 1) throw invalid(file, 'it does not begin as one')
  const { trail, readAt } = head
  const proofs = new ProofLines(file)
  return {
    ...{ label: file, trail, readAt, controls: head.controls as Control[] | null },
    anchors: await listAnchors(trail.trailId, targets),
    sealedUntil: readAt,
    restored: (head.restored ?? []).map(text => Buffer.from(text, 'base64')),
    async *batches() {
      for await (const { batch, statement } of lines.while('batch')) {
        yield { batch, statement: Buffer.from(statement, 'base64') }
      }
    },
    async *events() {
      for await (const { event } of lines.while('event')) yield eventOf(event)
    },
    async missingColumns(table) {
      const line = await lines.next()
      if (line?.type !== 'table' || line.table !== table) {
        throw invalid(file, `the rows of ${table} are not where they should be`)
      }
      return new Set(line.missing)
    },
    async *rows() {
      for await (const { fields } of lines.while('row')) yield fields.map(bytesOf)
      if (lines.ended) throw invalid(file, 'its end is missing: it was cut short')
    },
    leafProof: batch => proofs.of(batch),
    async *keptEvents() {
      for await (const { batch, kept = '' } of batchLines(file)) {
        if (kept !== '') yield { batch, ids: String(kept) }
      }
    },
    async leaves(batch) {
      for await (const line of batchLines(file)) {
        if (line.batch === batch) return bytesOf(line.leaves)
      }
      return null
    },
    async close() {
      lines.close()
      await proofs.close()
    },
  }
}

/** The lines of the batches, read anew. */
async function* batchLines(file: string): AsyncGenerator<BatchLine, void> {
  const lines = new Lines(file)
  try {
    await lines.next()
    yield* lines.while('batch')
  } finally {
    lines.close()
  }
}

type BatchLine = Extract<ExportLine, { type: 'batch' }>

/**
 * Proofs of batches as a verification asks for them, once each and nearly in their order: only
 * those that were passed by are kept.
 */
class ProofLines {
  readonly #lines: AsyncGenerator<BatchLine, void>
  readonly #passed = new Map<number, LeafProof>()

  constructor(file: string) {
    this.#lines = batchLines(file)
  }

  async of(batch: number): Promise<LeafProof | null> {
    for (;;) {
      const proof = this.#passed.get(batch)
      this.#passed.delete(batch)
      if (proof) return proof
      const { value: line, done } = await this.#lines.next()
      if (done || !line) return null
      const { proof: hashes, kept = '' } = line
      if (hashes !== undefined) {
        const one = { hashes: Buffer.from(hashes, 'base64'), kept: String(kept) }
        this.#passed.set(line.batch, one)
      }
      if (line.batch === batch && hashes === undefined) return null
    }
  }

  async close(): Promise<void> {
    await this.#lines.return()
  }
}

/** The lines of a file, one ahead. */
class Lines {
  readonly #file: string
  readonly #reader
  readonly #lines: AsyncIterator<string>
  #ahead: ExportLine | null | undefined

  constructor(file: string) {
    this.#file = file
    this.#reader = createInterface({
      input: createReadStream(file),
      crlfDelay: Number.POSITIVE_INFINITY,
    })
    this.#lines = this.#reader[Symbol.asyncIterator]()
  }

  /** There is no line any more. */
  get ended(): boolean {
    return this.#ahead === null
  }

  async next(): Promise<ExportLine | null> {
    const line = await this.#peek()
    this.#ahead = line === null ? null : undefined
    return line
  }

  /** The lines of one type that come next. */
  async *while<Type extends ExportLine['type']>(
    type: Type,
  ): AsyncIterable<Extract<ExportLine, { type: Type }>> {
    for (;;) {
      const line = await this.#peek()
      if (line?.type !== type) return
      this.#ahead = undefined
      yield line as Extract<ExportLine, { type: Type }>
    }
  }

  close(): void {
    this.#reader.close()
  }

  async #peek(): Promise<ExportLine | null> {
    if (this.#ahead !== undefined) return this.#ahead
    const { value, done } = await this.#lines.next()
    try {
      this.#ahead = done ? null : (JSON.parse(value) as ExportLine)
    } catch (error) {
      throw invalid(this.#file, `a line is no JSON: ${messageOf(error)}`)
    }
    return this.#ahead
  }
}

function invalid(file: string, why: string): EcomdbError {
  return new EcomdbError('INPUT_INVALID', {
    what: `${file} is no export of an audit trail`,
    why,
    hints: ['make it anew: `ecomdb audit export FILE`'],
  })
}

function bytesOf(text: string | null): Buffer | null {
  return text === null ? null : Buffer.from(text, 'base64')
}

function eventOf({ key, oldKey, before, after, salt, ...rest }: ExportedEvent): AuditEvent {
  return {
    ...rest,
    key: Buffer.from(key, 'base64'),
    oldKey: bytesOf(oldKey),
    before: bytesOf(before),
    after: bytesOf(after),
    salt: bytesOf(salt),
  }
}
