import type { Field } from '#domain/audit/canonical'
import type { AuditEvent, Control, LayoutColumn } from '#domain/audit/event'
import type { KeptEvents } from '#domain/audit/kept-events'
import type { LeafProof, StoredBatch, TrailRecord } from '#engine/audit-trail'
import type { AnchorListing } from './anchors.ts'

/** A trail to verify: of a server at one moment, or of an export. Read in this order. */
export interface TrailSource {
  readonly label: string
  readonly trail: TrailRecord
  /** When it was read; the server's clock. */
  readonly readAt: string
  /** How the server is now beside the rows; null: not known. */
  readonly controls: readonly Control[] | null
  readonly anchors: AnchorListing
  /** What was sealed after that is not in it, and need not be; null: it has all. */
  readonly sealedUntil: string | null
  /** What `ecomdb restore` left here; not checked. */
  readonly restored: readonly Buffer[]
  batches(): AsyncIterable<StoredBatch>
  /** Ascending by id. */
  events(): AsyncIterable<AuditEvent>
  /** The columns of `columns` that the table lacks, and its rows. */
  missingColumns(table: string, columns: readonly LayoutColumn[]): Promise<ReadonlySet<string>>
  rows(table: string, columns: readonly LayoutColumn[]): AsyncIterable<Field[]>
  /** null: retention has not come to this batch. */
  leafProof(batch: number): Promise<LeafProof | null>
  /** What stays of batches that retention has come to, where something does; after the batches. */
  keptEvents(): AsyncIterable<KeptEvents>
  /** null: it does not have them. */
  leaves(batch: number): Promise<Buffer | null>
  close(): Promise<void>
}
