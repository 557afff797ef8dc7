import { type FindingList, finding } from '#domain/audit/finding'
import { msOfServerTime } from '#domain/audit/server-time'
import { readLedger } from './erasure-ledger.ts'
import type { TrailSource } from './trail-source.ts'
import type { Chain } from './verify-chain.ts'

/**
 * Compares the ledger beside the anchors with what the checkpoints say was carried out here.
 * @returns who was erased, and of which anchors the ledger was not read, both in words
 */
export async function checkErasures(
  chain: Chain,
  source: TrailSource,
  trustedSigners: readonly string[],
  found: FindingList,
): Promise<{ told: string[]; unread: string[] }> {
  const anchors = source.anchors.places.map(({ anchor }) => anchor)
  const ledger = await readLedger(source.trail.trailId, anchors, trustedSigners)
  for (const refused of ledger.refused) {
    found.add(finding('FORKED', `an erasure of the ledger: ${refused}`, { broken: true }))
  }
  const done = new Set(chain.erasures.map(({ erasureId }) => erasureId))
  const until = source.sealedUntil && msOfServerTime(source.sealedUntil)
  for (const { erasureId, table, key, erasedAt, reason } of ledger.entries) {
    if (done.has(erasureId) || (until && Date.parse(erasedAt) > until)) continue
    const detail = `erasure ${erasureId} (${reason}) was not carried out here, or a restore brought the person back: \`ecomdb audit erase --replay\``
    found.add(finding('NOT ERASED', detail, { table, row: key, from: erasedAt, to: source.readAt }))
  }
  const unread = ledger.notes.map(note => `${note}: nobody looked for what it names`)
  if (done.size === 0) return { told: [], unread }
  const known = ledger.entries.filter(({ erasureId }) => done.has(erasureId))
  const listed = known.map(({ table, key, reason }) => `${table} ${key} (${reason})`)
  const more = listed.length > LISTED ? `, and ${listed.length - LISTED} more` : ''
  const who = listed.length ? `: ${listed.slice(0, LISTED).join(', ')}${more}` : ''
  return { told: [`${done.size} erased${who}`], unread }
}

/** Persons that are told one by one. */
const LISTED = 20
