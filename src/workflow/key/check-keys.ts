import type { KeysConfig } from '#config/config'
import { EcomdbError } from '#core/errors'
import { throwIfInterrupted } from '#core/interruption'
import type { Progress } from '#core/progress'
import type { Secret } from '#core/secret'
import { readIdentities, recipientOf } from '#crypto/key-files'
import type { SnapshotEnvelope, StoredObject } from '#domain/backup/envelope'
import type { CheckedIdentity, KeyCheckReport } from '#domain/backup/key-report'
import { BinlogArchive } from '#repository/binlog-archive'
import { openRepository, type Repository } from '#repository/repository'
import { usingRepository } from '#repository/repository-use'
import type { Target } from '#target/target'

export interface KeyCheckOptions {
  target: Target
  keys: KeysConfig
  /** A snapshot id, the beginning of one, or 'latest'. */
  snapshot: string
  /** Objects to decrypt with each identity, spread over the snapshot; null: all. */
  sample: number | null
}

/**
 * `ecomdb key check`: does each identity by itself open a snapshot? Decrypts the manifest and
 * objects in memory and throws the plaintext away: age authenticates every 64 KiB of it.
 *
 * @throws EcomdbError SECRET_MISSING (no identity), SNAPSHOT_NOT_FOUND, SIGNATURE_INVALID,
 *   OBJECT_DAMAGED; an identity that does not open it is in the report
 */
export async function checkKeys(
  { target, keys, snapshot, sample }: KeyCheckOptions,
  progress: Progress,
): Promise<KeyCheckReport> {
  const identities = await identitiesOf(keys.identityFiles)
  const repository = await openRepository(target)
  return await usingRepository(repository, async () => {
    const envelope = await repository.readEnvelope(snapshot, keys.trustedSigners)
    const encrypted = envelope.objects.filter(({ path }) => !path.endsWith(CLEAR_INDEX))
    const files = [envelope.manifest, ...spread(encrypted, sample)]
    progress.stage('decrypting the manifest and objects with each identity')
    progress.total({ items: files.length * identities.length })
    const checked: CheckedIdentity[] = []
    for (const one of identities) {
      checked.push(await checkOne(repository, envelope, files, one, progress))
    }
    const tried = checked.map(({ recipient }) => recipient)
    // An older snapshot may be for older recipients: only of the newest it says something.
    const wanted = snapshot === 'latest' ? keys.recipients : []
    const log = wanted.length > 0 ? await keysOfLog(target, envelope, keys) : null
    return {
      ...{ repositoryId: repository.id, target: repository.label },
      ...{ snapshotId: envelope.snapshotId, consistentAt: envelope.consistentAt },
      identities: checked,
      untried: envelope.recipients.filter(recipient => !tried.includes(recipient)),
      missing: wanted.filter(recipient => !envelope.recipients.includes(recipient)),
      extra: wanted.length
        ? envelope.recipients.filter(recipient => !wanted.includes(recipient))
        : [],
      log,
    }
  })
}

/**
 * An archiver that was begun before a rotation goes on with the old keys: its envelopes say for whom it writes. A log
 * that is archived no more has none.
 */
async function keysOfLog(
  target: Target,
  { sourceId, consistentAt }: SnapshotEnvelope,
  { recipients, trustedSigners }: KeysConfig,
): Promise<KeyCheckReport['log']> {
  const archive = await BinlogArchive.open(target)
  const heads = await archive.heads(sourceId, trustedSigners).catch((error: unknown) => {
    // What is not believed is said by who reads the log.
    if (error instanceof EcomdbError && error.code === 'SIGNATURE_INVALID') return []
    throw error
  })
  const newest = heads.at(-1)?.segment
  if (!newest || Date.parse(newest.closedAt) < Date.parse(consistentAt) - ARCHIVED_MS) return null
  const { file, closedAt } = newest
  return {
    ...{ file, closedAt },
    missing: recipients.filter(one => !newest.recipients.includes(one)),
    extra: newest.recipients.filter(one => !recipients.includes(one)),
  }
}

/** An archiver that works has stored something since, also where nobody writes. */
const ARCHIVED_MS = 3_600_000

/** Keyed names of blocks, which are in the clear (docs/formats.md). */
const CLEAR_INDEX = '/blocks.index'

interface Identity {
  file: string
  identity: Secret
  recipient: string
}

async function identitiesOf(files: readonly string[]): Promise<Identity[]> {
  const found: Identity[] = []
  for (const file of files) {
    for (const identity of await readIdentities([file])) {
      found.push({ file, identity, recipient: await recipientOf(identity) })
    }
  }
  if (found.length > 0) return found
  throw new EcomdbError('SECRET_MISSING', {
    what: 'there is no identity to check',
    why: 'keys.identity_files names none, and --identity was not given',
    hints: ['bring the escrow key, and give --identity FILE'],
  })
}

async function checkOne(
  repository: Repository,
  envelope: SnapshotEnvelope,
  files: readonly StoredObject[],
  { file, identity, recipient }: Identity,
  progress: Progress,
): Promise<CheckedIdentity> {
  const checked = { file, recipient, opens: true, problem: null, files: 0, bytes: 0 }
  try {
    for (const stored of files) {
      throwIfInterrupted()
      await repository.readPiece(stored, [identity], envelope.snapshotId)
      checked.files += 1
      checked.bytes += stored.bytes
      progress.advance({ items: 1 })
    }
    if (envelope.method === 'logical') await repository.readManifest(envelope, [identity])
    return checked
  } catch (error) {
    if (!(error instanceof EcomdbError) || error.code !== 'WRONG_IDENTITY') throw error
    const ours = envelope.recipients.includes(recipient)
    const problem = ours
      ? 'the snapshot names it as a recipient, and it does not open it'
      : 'the snapshot is not encrypted to it'
    return { ...checked, opens: false, problem }
  }
}

/** So many of them, evenly spread, the first and the last among them. */
function spread<Item>(items: readonly Item[], count: number | null): readonly Item[] {
  if (count === null || count >= items.length) return items
  const step = (items.length - 1) / Math.max(1, count - 1)
  return Array.from({ length: count }, (_, at) => items[Math.round(at * step)]).filter(
    item => item !== undefined,
  )
}
