import { EcomdbError, messageOf } from '#core/errors'
import type { SigningKey } from '#crypto/key-files'
import { openStatement, signStatement } from '#crypto/signed-statement'
import { sha256 } from '#domain/audit/canonical'
import type { ErasureEntry } from '#domain/audit/erasure'
import type { Target } from '#target/target'
import { Anchor } from './anchors.ts'

/** An entry, and the SHA-256 of its file, hexadecimal. */
export interface LedgerEntry extends ErasureEntry {
  sha256: string
}

export interface Ledger {
  /** By when they were erased, each once. */
  entries: readonly LedgerEntry[]
  /** Files that no trusted key signed as what they are: place and name, and why. */
  refused: readonly string[]
  /** Places that could not be asked, in words. */
  notes: readonly string[]
}

/** The erasures that the anchors of a trail have: of each anchor all that can be read. */
export async function readLedger(
  trailId: string,
  anchors: readonly Anchor[],
  trustedSigners: readonly string[],
): Promise<Ledger> {
  const entries = new Map<string, LedgerEntry>()
  const refused: string[] = []
  const notes: string[] = []
  for (const anchor of anchors) {
    try {
      for await (const { name, file } of anchor.erasures()) {
        try {
          const entry = entryOf(file, trailId, trustedSigners, name)
          entries.set(entry.erasureId, entry)
        } catch (error) {
          if (!(error instanceof EcomdbError && error.code === 'SIGNATURE_INVALID')) throw error
          refused.push(`${name} of ${anchor.label}: ${error.why}`)
        }
      }
    } catch (error) {
      notes.push(`the erasure ledger of ${anchor.label} was not read: ${messageOf(error)}`)
    }
  }
  const sorted = [...entries.values()].sort((a, b) => (a.erasedAt < b.erasedAt ? -1 : 1))
  return { entries: sorted, refused, notes }
}

function entryOf(
  file: Buffer,
  trailId: string,
  trustedSigners: readonly string[],
  name: string,
): LedgerEntry {
  const { value } = openStatement('audit-erasure', file, trustedSigners, name)
  const entry = value as ErasureEntry
  if (entry.trail === trailId) return { ...entry, sha256: sha256(file).toString('hex') }
  const why = `it is of the trail ${entry.trail}`
  throw new EcomdbError('SIGNATURE_INVALID', { what: `will not believe ${name}`, why })
}

/**
 * Writes an erasure down before it is done, so that a restore of any older backup repeats it.
 *
 * @throws EcomdbError TARGET_UNAVAILABLE when no anchor takes it: then nobody is erased
 */
export async function writeLedger(
  entry: ErasureEntry,
  targets: readonly Target[],
  key: SigningKey,
): Promise<{ sha256: string; places: string[]; failed: string[] }> {
  const file = signStatement('audit-erasure', entry, key)
  const places: string[] = []
  const failed: string[] = []
  for (const target of targets) {
    try {
      await new Anchor(target, entry.trail).putErasure(entry.erasureId, file)
      places.push(target.label)
    } catch (error) {
      failed.push(`the erasure is not at ${target.label}: ${messageOf(error)}`)
    }
  }
  if (places.length > 0) return { sha256: sha256(file).toString('hex'), places, failed }
  throw new EcomdbError('TARGET_UNAVAILABLE', {
    what: 'nobody was erased: the erasure ledger could not be written',
    why: failed.join('; ') || 'there is no anchor under audit.anchors',
    hints: ['without it a restore of an older backup would bring the person back for good'],
  })
}
