import { open } from 'node:fs/promises'
import type { Progress } from '#core/progress'
import { translateStorageError } from '#core/storage-error'
import type { ExportReport } from '#domain/audit/audit-report'
import type { Field } from '#domain/audit/canonical'
import type { AuditEvent } from '#domain/audit/event'
import { columnsToRead } from '#domain/audit/reconcile'
import type { TrailSource } from './trail-source.ts'

/** A line of an export; docs/audit-format.md. Bytes are base64. */
export type ExportLine =
  | {
      type: 'trail'
      format: 1
      trail: TrailSource['trail']
      readAt: string
      controls: unknown
      restored?: string[]
    }
  | {
      type: 'batch'
      batch: number
      statement: string
      leaves: string | null
      /** Where retention has come to it: the hashes of its leaves, and the ids that stay. */
      proof?: string
      kept?: string
    }
  | { type: 'event'; event: ExportedEvent }
  | { type: 'table'; table: string; missing: string[] }
  | { type: 'row'; fields: (string | null)[] }
  | { type: 'end'; batches: number; events: number; rows: number }

/** An event as it travels. */
export interface ExportedEvent
  extends Omit<AuditEvent, 'key' | 'oldKey' | 'before' | 'after' | 'salt'> {
  key: string
  oldKey: string | null
  before: string | null
  after: string | null
  salt: string | null
}

/** Bytes that are gathered before they are written. */
const GATHERED = 256 * 1024

/**
 * `ecomdb audit export`: everything that a verification needs, so that an auditor without an
 * account can do it. The rows are in it as they are, with their salts: keep it as the chats.
 *
 * @throws EcomdbError STORAGE_FAILED when the file is there
 */
export async function exportTrail(
  source: TrailSource,
  file: string,
  progress: Progress,
): Promise<ExportReport> {
  const counts = { batches: 0, events: 0, rows: 0 }
  try {
    const handle = await open(file, 'wx', 0o600)
    try {
      let gathered = ''
      for await (const line of linesOf(source, counts, progress)) {
        gathered += `${JSON.stringify(line)}\n`
        if (gathered.length < GATHERED) continue
        // `write` may take a part: of a disk that is nearly full, what is left of it.
        await handle.writeFile(gathered)
        gathered = ''
      }
      await handle.writeFile(gathered)
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (error) {
    throw translateStorageError(error, `cannot write ${file}`)
  }
  return { file, trailId: source.trail.trailId, readAt: source.readAt, ...counts }
}

async function* linesOf(
  source: TrailSource,
  counts: { batches: number; events: number; rows: number },
  progress: Progress,
): AsyncIterable<ExportLine> {
  const { trail, readAt, controls } = source
  const restored = source.restored.map(statement => statement.toString('base64'))
  yield { type: 'trail', format: 1, trail, readAt, controls, restored }
  progress.stage('checkpoints')
  for await (const { batch, statement } of source.batches()) {
    counts.batches += 1
    const leaves = await source.leaves(batch)
    const texts = { statement: statement.toString('base64'), leaves: base64(leaves) }
    const left = await source.leafProof(batch)
    const proof = left && { proof: left.hashes.toString('base64'), kept: left.kept }
    yield { type: 'batch', batch, ...texts, ...proof }
  }
  progress.stage('events')
  for await (const event of source.events()) {
    counts.events += 1
    const { key, oldKey, before, after, salt, ...rest } = event
    const bytes = { oldKey: base64(oldKey), before: base64(before), after: base64(after) }
    yield {
      type: 'event',
      event: { ...rest, key: key.toString('base64'), ...bytes, salt: base64(salt) },
    }
  }
  progress.stage('rows')
  for (const { table } of trail.tables) {
    const columns = columnsToRead(trail.layouts.filter(layout => layout.table === table))
    const missing = await source.missingColumns(table, columns)
    yield { type: 'table', table, missing: [...missing] }
    for await (const row of source.rows(table, columns)) {
      counts.rows += 1
      yield { type: 'row', fields: row.map(base64) }
    }
  }
  yield { type: 'end', ...counts }
}

function base64(bytes: Field): string | null {
  return bytes && Buffer.from(bytes).toString('base64')
}
