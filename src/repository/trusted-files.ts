import { createHash } from 'node:crypto'
import { EcomdbError } from '#core/errors'
import { isLostOnDisk } from '#core/storage-error'
import { openStatement, type StatementKind } from '#crypto/signed-statement'
import type { Attestation } from '#domain/backup/attestation'
import {
  isSnapshotEnvelope,
  READER_CAPABILITIES,
  type SnapshotEnvelope,
} from '#domain/backup/envelope'
import type { Target } from '#target/target'
import { attestationFile, envelopeFile } from './layout.ts'
import { noteUnsteady } from './unsteady-reads.ts'

/** A file of a repository whose signature was checked, and what it says about itself. */
export interface Trusted<T> {
  value: T
  /** The file as it is stored. */
  file: Buffer
  /** Hex SHA-256 of the file's bytes. */
  sha256: string
}

/** Which repository, and whom to believe. */
export interface Trust {
  repositoryId: string
  trustedSigners: readonly string[]
}

/**
 * @throws EcomdbError SNAPSHOT_NOT_FOUND; SIGNATURE_INVALID when it is unsigned, edited, signed
 *   by a stranger, or made for another repository or snapshot; REPOSITORY_VERSION; UNSUPPORTED
 */
export async function readTrustedEnvelope(
  target: Target,
  snapshotId: string,
  trust: Trust,
): Promise<Trusted<SnapshotEnvelope>> {
  const name = envelopeFile(snapshotId)
  const found = await readStatement(target, name, 'snapshot', trust.trustedSigners)
  if (!found) throw noSuchSnapshot(snapshotId, target.label)
  const { file, value } = found
  checkFormat(value, name)
  if (!isSnapshotEnvelope(value)) throw unreadable(name, 'its members are of another format')
  const envelope = value
  checkOwn(name, trust.repositoryId, envelope.repositoryId)
  if (envelope.snapshotId !== snapshotId) {
    throw misplaced(name, `it is the envelope of snapshot ${envelope.snapshotId}`)
  }
  checkCapabilities(envelope, name)
  return { value: envelope, file, sha256: sha256Hex(file) }
}

/** @throws EcomdbError as readTrustedEnvelope; null when the file is not there */
export async function readTrustedAttestation(
  target: Target,
  snapshotId: string,
  attestationId: string,
  trust: Trust,
): Promise<Trusted<Attestation> | null> {
  const name = attestationFile(snapshotId, attestationId)
  const found = await readStatement(target, name, 'attestation', trust.trustedSigners)
  if (!found) return null
  const { file, value } = found
  checkFormat(value, name)
  const attestation = value as Attestation
  checkOwn(name, trust.repositoryId, attestation.repositoryId)
  if (attestation.snapshotId !== snapshotId || attestation.attestationId !== attestationId) {
    throw misplaced(name, `it is attestation ${attestation.attestationId}`)
  }
  return { value: attestation, file, sha256: sha256Hex(file) }
}

/**
 * Another signed file of this repository: a copy's record, a tombstone, a started backup.
 *
 * @param id what the file's name says, under the member of that name
 * @throws EcomdbError as readTrustedEnvelope; null when the file is not there
 */
export async function readTrustedFile<Value extends { format: 1; repositoryId: string }>(
  target: Target,
  name: string,
  kind: StatementKind,
  id: Readonly<Record<string, string>>,
  trust: Trust,
): Promise<Value | null> {
  const found = await readStatement(target, name, kind, trust.trustedSigners)
  if (!found) return null
  const { value } = found
  checkFormat(value, name)
  const statement = value as Value & Record<string, unknown>
  checkOwn(name, trust.repositoryId, statement.repositoryId)
  for (const [member, expected] of Object.entries(id)) {
    if (statement[member] !== expected) {
      throw misplaced(name, `its ${member} is ${String(statement[member])}`)
    }
  }
  return statement
}

/**
 * A signed statement. One that is not believed is read again, as what a bit that flips on the way makes of it looks
 * like somebody's work: what comes then counts. One that its disk does not give back is not believed either: one bad
 * sector must not keep all others from being read.
 *
 * @returns null when the file is not there
 * @throws EcomdbError SIGNATURE_INVALID
 */
export async function readStatement(
  target: Target,
  name: string,
  kind: StatementKind,
  trustedSigners: readonly string[],
): Promise<{ file: Buffer; value: unknown } | null> {
  const file = await readSigned(target, name)
  if (!file) return null
  try {
    return { file, value: openStatement(kind, file, trustedSigners, name).value }
  } catch (error) {
    if (!(error instanceof EcomdbError) || error.code !== 'SIGNATURE_INVALID') throw error
    const again = (await target.readBack(name))?.bytes
    if (!again || again.equals(file)) throw error
    const { value } = openStatement(kind, again, trustedSigners, name)
    const problem = `${error.why ?? error.what}; read again it is as signed`
    noteUnsteady(target, { name, problem })
    return { file: again, value }
  }
}

async function readSigned(target: Target, name: string): Promise<Buffer | null> {
  const lost = (error: unknown): never => {
    if (!isLostOnDisk(error)) throw error
    throw new EcomdbError('SIGNATURE_INVALID', {
      what: `${name} cannot be read, and is not believed`,
      why: error.why,
      hints: [
        'bring that file back from a copy of the repository, or restore from the copy: --from COPY',
        ...error.hints,
      ],
      cause: error,
    })
  }
  try {
    return await target.get(name)
  } catch (error) {
    if (!isLostOnDisk(error)) throw error
    const again = await target.readBack(name).catch(lost)
    noteUnsteady(target, { name, problem: `${error.why ?? error.what}; read again it is there` })
    return again?.bytes ?? null
  }
}

/** Errors that concern one signed file; the others may still be good. */
export const ABOUT_ONE_FILE: ReadonlySet<string> = new Set([
  'SIGNATURE_INVALID',
  'REPOSITORY_VERSION',
  'UNSUPPORTED',
])

export function noSuchSnapshot(
  name: string,
  label: string,
  copyId: string | null = null,
): EcomdbError {
  return new EcomdbError('SNAPSHOT_NOT_FOUND', {
    what:
      name === 'latest'
        ? `there is no snapshot in ${label}`
        : `there is no snapshot ${name} in ${label}`,
    hints: [
      ...(name === 'latest'
        ? [
            copyId === null
              ? 'run `ecomdb backup logical` where the server is, to make one'
              : '`ecomdb backup copy --to COPY` brings what the repository has',
          ]
        : []),
      'run `ecomdb backup list` to see which there are',
    ],
  })
}

export function sha256Hex(...parts: Uint8Array[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}

export function checkOwn(name: string, ours: string, theirs: string): void {
  if (theirs !== ours)
    throw misplaced(name, `it belongs to repository ${theirs}, and this is ${ours}`)
}

export function checkCapabilities(
  envelope: { requires: readonly string[]; tool: string },
  name: string,
  known: ReadonlySet<string> = READER_CAPABILITIES,
): void {
  const unknown = envelope.requires.filter(capability => !known.has(capability))
  if (unknown.length > 0) {
    throw new EcomdbError('UNSUPPORTED', {
      what: `cannot use ${name}`,
      why: `it requires ${unknown.join(', ')}, which this ecomdb cannot read`,
      hints: [`use the ecomdb that made it (${envelope.tool}), or a newer one`],
    })
  }
}

export function misplaced(name: string, why: string): EcomdbError {
  return new EcomdbError('SIGNATURE_INVALID', {
    what: `will not believe ${name}`,
    why: `${why}: somebody put it there`,
    hints: ['use another copy of the repository, and find out who changed this one'],
  })
}

export function checkFormat(value: unknown, name: string): void {
  const format = typeof value === 'object' && value && 'format' in value ? value.format : undefined
  if (format !== 1) throw unreadable(name, `it is of format ${String(format)}`)
}

export function unreadable(name: string, why: string): EcomdbError {
  return new EcomdbError('REPOSITORY_VERSION', {
    what: `cannot read ${name}`,
    why: `${why}, and this ecomdb reads format 1`,
    hints: ['use a newer ecomdb'],
  })
}
