import { EcomdbError } from '#core/errors'
import type { Progress } from '#core/progress'
import { isLostOnDisk } from '#core/storage-error'
import type { Refused } from '#domain/backup/repository-report'
import { ATTESTATIONS, type COPIES, idsOfAttestationFile, type LEAVERS } from '#repository/layout'
import { readTrustedAttestation, sha256Hex, type Trust } from '#repository/trusted-files'
import type { Target } from '#target/target'
import { refusal } from '../backup/list-snapshots.ts'
import type { Arrivals } from './arrival.ts'

/**
 * Attestations of the snapshots in the copy go with them; those that were made in the copy (a
 * drill from the disk) come back, where this account may write. Only believed ones travel.
 */
export async function carryAttestations(
  source: Target,
  destination: Target,
  snapshotIds: ReadonlySet<string>,
  trust: Trust,
  progress: Progress,
): Promise<void> {
  await carry(source, destination, snapshotIds, trust)
  try {
    await carry(destination, source, snapshotIds, trust)
  } catch (error) {
    if (!(error instanceof EcomdbError) || error.code !== 'STORAGE_FAILED') throw error
    progress.warn(`attestations made in the copy were not brought back: ${error.why ?? error.what}`)
  }
}

async function carry(
  from: Target,
  to: Target,
  snapshotIds: ReadonlySet<string>,
  trust: Trust,
): Promise<void> {
  const there = await namesIn(to, ATTESTATIONS)
  for (const name of await namesIn(from, ATTESTATIONS)) {
    const ids = idsOfAttestationFile(name)
    if (!ids || there.has(name) || !snapshotIds.has(ids.snapshotId)) continue
    const found = await believed(from, ids, trust)
    if (found) await to.put(name, [found])
  }
}

async function believed(
  from: Target,
  { snapshotId, attestationId }: { snapshotId: string; attestationId: string },
  trust: Trust,
): Promise<Buffer | null> {
  try {
    return (await readTrustedAttestation(from, snapshotId, attestationId, trust))?.file ?? null
  } catch (error) {
    if (error instanceof EcomdbError && error.code === 'SIGNATURE_INVALID') return null
    throw error
  }
}

/**
 * Every file of a folder that the copy does not have: receipts for leavers, or copies' records.
 *
 * @returns those that the source's disk does not give back
 */
export async function carryFiles(
  folder: typeof LEAVERS | typeof COPIES,
  source: Target,
  destination: Target,
  arrivals: Arrivals,
): Promise<Refused[]> {
  const refused: Refused[] = []
  const there = await namesIn(destination, folder)
  for (const name of await namesIn(source, folder)) {
    if (there.has(name)) continue
    const bytes = await source.get(name).catch((error: unknown) => {
      if (isLostOnDisk(error)) return error
      throw error
    })
    if (bytes instanceof EcomdbError) refused.push(refusal(name, bytes))
    if (!bytes || bytes instanceof EcomdbError) continue
    await arrivals.put({ path: name, bytes: bytes.length, sha256: sha256Hex(bytes) }, bytes)
  }
  return refused
}

async function namesIn(target: Target, folder: string): Promise<Set<string>> {
  const names = new Set<string>()
  for await (const { name } of target.list(folder)) names.add(name)
  return names
}
