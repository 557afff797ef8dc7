import { EcomdbError } from '#core/errors'
import type { SigningKey } from '#crypto/key-files'
import { openStatement, signStatement } from '#crypto/signed-statement'
import type { ErasureRecord, SignedErasure } from '#domain/audit/erasure'
import { type AuditEvent, eventLeaf } from '#domain/audit/event'
import { parseRanges, RangeBuilder, rangesText } from '#domain/audit/id-ranges'
import { MerkleTree } from '#domain/audit/merkle'
import type { AuditReader, ErasureDone, TrailRecord } from '#engine/audit-trail'
import { tableOf, tablesOf } from './batch-builder.ts'

/**
 * Signs what an erasure did, to be written in its own transaction: a run that is cut short before
 * its seal leaves it to the next one, and nobody else can say that changes were an erasure's.
 */
export function signErasure(
  { events, salts }: ErasureDone,
  { erasureId, sha256 }: Pick<ErasureRecord, 'erasureId' | 'sha256'>,
  trail: TrailRecord,
  key: SigningKey,
): Buffer {
  const ids = new RangeBuilder()
  for (const { id } of events) ids.add(id)
  const record = { erasureId, sha256, events: rangesText(ids.ranges), salts }
  const signed: SignedErasure = {
    ...{ format: 1, trail: trail.trailId, record },
    root: rootOf(events, trail),
  }
  return signStatement('audit-erasure-record', signed, key)
}

/** Records of erasures that no checkpoint says yet, and those that are not believed, in words. */
export async function erasuresToSeal(
  reader: AuditReader,
  trail: TrailRecord,
  trustedSigners: readonly string[],
): Promise<{ records: ErasureRecord[]; refused: string[] }> {
  const records: ErasureRecord[] = []
  const refused: string[] = []
  for (const statement of await reader.erasureRecords()) {
    try {
      records.push(await believed(statement, reader, trail, trustedSigners))
    } catch (error) {
      if (!(error instanceof EcomdbError && error.code === 'SIGNATURE_INVALID')) throw error
      refused.push(`${error.what}: ${error.why}`)
    }
  }
  return { records, refused }
}

/** A copy of it in a database that was put back must not account for what has its ids there. */
async function believed(
  statement: Buffer,
  reader: AuditReader,
  trail: TrailRecord,
  trustedSigners: readonly string[],
): Promise<ErasureRecord> {
  const name = 'the record of an erasure'
  const { value } = openStatement('audit-erasure-record', statement, trustedSigners, name)
  const { trail: trailId, record, root } = value as SignedErasure
  const refuse = (why: string): EcomdbError =>
    new EcomdbError('SIGNATURE_INVALID', { what: `will not believe ${name}`, why })
  if (trailId !== trail.trailId) throw refuse(`it is of the trail ${trailId}`)
  const ranges = parseRanges(record.events)
  const events: AuditEvent[] = []
  for await (const event of ranges.length ? reader.events(ranges) : []) events.push(event)
  if (rootOf(events, trail) === root) return record
  throw refuse(`events ${record.events} are not those that erasure ${record.erasureId} made`)
}

function rootOf(events: readonly AuditEvent[], trail: TrailRecord): string {
  const tables = tablesOf(trail)
  const tree = new MerkleTree()
  for (const event of events) tree.append(eventLeaf(event, tableOf(event, tables)))
  return tree.root().toString('hex')
}
