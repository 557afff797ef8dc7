import { createHash, randomBytes } from 'node:crypto'

/** Names of the files of a repository (docs/formats.md). */
export const REPOSITORY_FILE = 'ecomdb-repository.json'
export const RECIPE_FILE = 'RESTORE.md'
export const COPY_FILE = 'ecomdb-copy.json'
export const SNAPSHOTS = 'snapshots/'
export const OBJECTS = 'objects/'
export const ATTESTATIONS = 'attestations/'
export const COPIES = 'copies/'
export const TOMBSTONES = 'tombstones/'
export const BINLOG = 'binlog/'
export const LEAVERS = 'leavers/'

export function envelopeFile(snapshotId: string): string {
  return `${SNAPSHOTS}${snapshotId}/snapshot.json`
}

export function manifestFile(snapshotId: string): string {
  return `${SNAPSHOTS}${snapshotId}/manifest.age`
}

/**
 * What `ecomdb target check` has written and could not remove, as with the credential of a database host, or where a
 * bucket locks by itself: it belongs to no repository, and keeps none from being made there.
 */
export function isOfCheck(name: string): boolean {
  return /^(objects\/)?check-[0-9a-f-]+\//.test(name)
}

/** Says that a backup began; means nothing once the envelope is there. */
export function startFile(snapshotId: string): string {
  return `${SNAPSHOTS}${snapshotId}/started.json`
}

/** Says that a backup that began has ended without a snapshot. */
export function endFile(snapshotId: string): string {
  return `${SNAPSHOTS}${snapshotId}/ended.json`
}

export function tombstoneFile(tombstoneId: string): string {
  return `${TOMBSTONES}${tombstoneId}.json`
}

export function copyRecordFile(copyId: string, recordId: string): string {
  return `${COPIES}${copyId}/${recordId}.json`
}

/** A receipt for somebody who has left. */
export function leaverFile(receiptId: string): string {
  return `${LEAVERS}${receiptId}.json`
}

export function blockIndexFile(snapshotId: string): string {
  return `${SNAPSHOTS}${snapshotId}/blocks.index`
}

export function attestationFile(snapshotId: string, attestationId: string): string {
  return `${ATTESTATIONS}${snapshotId}/${attestationId}.json`
}

/**
 * A new name for an object. The random end makes every write a new file: what an abandoned
 * or a damaging write left behind never stands in the way of the next.
 */
export function newObjectFile(objectId: string): string {
  return `${OBJECTS}${objectId.slice(0, 2)}/${objectId}.${randomBytes(8).toString('hex')}`
}

/** The object's id out of its name. */
export function objectIdOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).split('.')[0] ?? ''
}

/** The snapshot of an envelope's name, or null for any other file. */
export function snapshotOfEnvelopeFile(name: string): string | null {
  return /^snapshots\/([^/]+)\/snapshot\.json$/.exec(name)?.[1] ?? null
}

/** Snapshot and attestation of an attestation's name, or null for any other file. */
export function idsOfAttestationFile(
  name: string,
): { snapshotId: string; attestationId: string } | null {
  const [, snapshotId, attestationId] = /^attestations\/([^/]+)\/([^/]+)\.json$/.exec(name) ?? []
  return snapshotId && attestationId ? { snapshotId, attestationId } : null
}

/** The folder of a source's segments. A source's id may hold what a name may not. */
export function binlogFolder(sourceId: string): string {
  return `${BINLOG}${createHash('sha256').update(sourceId).digest('hex').slice(0, 32)}/`
}

export function stretchFolder(sourceId: string, stretchId: string): string {
  return `${binlogFolder(sourceId)}${stretchId}/`
}

/** The envelope of a segment; numbers of ten digits, so that names sort as segments follow. */
export function segmentFile(sourceId: string, stretchId: string, sequence: number): string {
  return `${stretchFolder(sourceId, stretchId)}${String(sequence).padStart(10, '0')}.json`
}

/** A new name for the bytes of a segment; a run that was cut off never stands in its way. */
export function newSegmentObject(sourceId: string, stretchId: string, sequence: number): string {
  const random = randomBytes(8).toString('hex')
  return segmentFile(sourceId, stretchId, sequence).replace(/json$/, `${random}.age`)
}

/** Folder, stretch and number of a segment's envelope, or null for any other file. */
export function idsOfSegmentFile(
  name: string,
): { folder: string; stretchId: string; sequence: number } | null {
  const [, folder, stretchId, digits] =
    /^(binlog\/[0-9a-f]{32}\/)([0-9a-f-]{36})\/(\d{10})\.json$/.exec(name) ?? []
  return folder && stretchId && digits ? { folder, stretchId, sequence: Number(digits) } : null
}

/** A new name for the notice that segments of a stretch, up to one of them, are to go, or have gone. */
export function newTrimFile(sourceId: string, stretchId: string, through: number): string {
  const random = randomBytes(8).toString('hex')
  return segmentFile(sourceId, stretchId, through).replace(/json$/, `${random}.trimmed.json`)
}

/** Folder of the stretch, and the last segment that goes, of such a notice's name; null for any other file. */
export function idsOfTrimFile(name: string): { folder: string; through: number } | null {
  const [, folder, digits] =
    /^(binlog\/[0-9a-f]{32}\/[0-9a-f-]{36}\/)(\d{10})\.[0-9a-f]{16}\.trimmed\.json$/.exec(name) ??
    []
  return folder && digits ? { folder, through: Number(digits) } : null
}

/** Folder of the stretch and number of the segment that a file belongs to, its bytes or its envelope. */
export function segmentOfFile(name: string): { folder: string; sequence: number } | null {
  const [, folder, digits] =
    /^(binlog\/[0-9a-f]{32}\/[0-9a-f-]{36}\/)(\d{10})(?:\.[0-9a-f]+\.age|\.json)$/.exec(name) ?? []
  return folder && digits ? { folder, sequence: Number(digits) } : null
}
