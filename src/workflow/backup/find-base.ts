import { EcomdbError } from '#core/errors'
import type { SnapshotEnvelope } from '#domain/backup/envelope'
import { foundBad } from '#domain/backup/proof-of-snapshot'
import type { Engine } from '#engine/engine'
import type { PhysicalSource } from '#engine/physical-backup'
import type { ConnectOptions } from '#engine/session'
import type { BaseSnapshot, Repository, SnapshotWriter } from '#repository/repository'
import { beginOfFile } from './with-begin-of-file.ts'

interface BaseOptions {
  engine: Engine
  connect: ConnectOptions
  /** A snapshot id, 'latest', or null: none is wanted. */
  base: string | null
  keys: { recipients: readonly string[]; trustedSigners: readonly string[] }
}

/**
 * What an increment is to build on. What it lacks, no later look at the increment finds: the two are put together
 * by log sequence numbers alone.
 *
 * @throws EcomdbError SNAPSHOT_NOT_FOUND, UNSUPPORTED when it is no base for this server
 */
export async function findBase(
  repository: Repository,
  source: PhysicalSource,
  options: BaseOptions,
): Promise<BaseSnapshot | null> {
  const { base: name, keys } = options
  if (name === null) return null
  const { snapshots } = await repository.listSnapshots(keys.trustedSigners)
  const own = snapshots.filter(one => one.method === 'physical' && one.sourceId === source.sourceId)
  const found = name === 'latest' ? own.at(-1) : own.find(one => one.snapshotId.startsWith(name))
  if (!found) {
    const why = `${repository.label} has no such physical snapshot of this server`
    throw noBase('SNAPSHOT_NOT_FOUND', why)
  }
  const why =
    (await whyNotUsable(repository, snapshots, found, keys)) ??
    (await whyNotOfServer(found, source, options))
  if (why !== null) throw noBase('UNSUPPORTED', `${found.snapshotId}: ${why}`)
  return await repository.readBase(found.snapshotId, keys.trustedSigners)
}

/**
 * Is all of the base there, and to stay? Whether an expire has named it is known only once the backup has said that
 * it began. Asked before the copy, which takes as long as the server is large.
 *
 * @throws EcomdbError UNSUPPORTED, TARGET_UNAVAILABLE
 */
export async function requireWhole(writer: SnapshotWriter, base: BaseSnapshot): Promise<void> {
  const why = await writer.whyNoBase(base)
  if (why !== null) throw noBase('UNSUPPORTED', `${base.envelope.snapshotId}: ${why}`)
}

function noBase(code: 'SNAPSHOT_NOT_FOUND' | 'UNSUPPORTED', why: string): EcomdbError {
  return new EcomdbError(code, {
    what: 'there is nothing that an incremental backup could build on',
    why,
    hints: ['run `ecomdb backup physical` without --incremental first'],
  })
}

/** Of the base and of all that it builds on: is it whole, and for the same recipients? */
async function whyNotUsable(
  repository: Repository,
  snapshots: readonly SnapshotEnvelope[],
  found: SnapshotEnvelope,
  { recipients, trustedSigners }: BaseOptions['keys'],
): Promise<string | null> {
  const { attestations } = await repository.listAttestations(trustedSigners)
  const bad = foundBad(snapshots, attestations, await repository.copyId())
  const wanted = [...recipients].sort().join()
  const byId = new Map(snapshots.map(one => [one.snapshotId, one]))
  const seen = new Set<string>()
  for (let id: string | null = found.snapshotId; id !== null && !seen.has(id); ) {
    seen.add(id)
    const one: SnapshotEnvelope | undefined = byId.get(id)
    if (!one) return `it builds on ${id}, which is not here`
    if (bad.has(id)) return `the newest verify or drill of ${id} has failed, or of a file of it`
    if ([...one.recipients].sort().join() !== wanted) {
      return `${id} is encrypted to other recipients than ecomdb.yaml names now, and no increment can be read without it`
    }
    id = one.base ?? null
  }
  return null
}

/** Has the server gone on from there, and from nowhere else? */
async function whyNotOfServer(
  { lsn, position, consistentAt }: SnapshotEnvelope,
  { sourceId, lineage }: PhysicalSource,
  { engine, connect }: BaseOptions,
): Promise<string | null> {
  if (!lsn || lineage === null) return 'it has no log sequence number'
  if (lsn.of !== lineage) {
    return 'it is of another data directory: this one was made or restored since'
  }
  const { file = null, begunAt = null } = position ?? {}
  const begun = file && begunAt && (await beginOfFile({ engine, connect }, sourceId, file))
  if (begun && begun !== begunAt) {
    return `the server has begun another ${file} since: it was put back to an earlier state, or its log was reset`
  }
  const base = { lsn, position: position ?? null, consistentAt }
  return await engine.physicalBackups.whyNoBase(connect, base)
}
