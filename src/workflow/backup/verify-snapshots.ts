import type { KeysConfig } from '#config/config'
import type { Clock } from '#core/clock'
import { EcomdbError } from '#core/errors'
import { throwIfInterrupted } from '#core/interruption'
import type { Progress } from '#core/progress'
import type { Secret } from '#core/secret'
import type { SigningKey } from '#crypto/key-files'
import type { SnapshotEnvelope, StoredObject } from '#domain/backup/envelope'
import type { Manifest } from '#domain/backup/manifest'
import type {
  Damage,
  Refused,
  VerifiedSnapshot,
  VerifyReport,
} from '#domain/backup/repository-report'
import { hasGone } from '#repository/has-gone'
import { pastCache, type ReadFrom } from '#repository/past-cache'
import { refusedAbout } from '#repository/refused-attestations'
import { openRepository, type Repository } from '#repository/repository'
import { usingRepository } from '#repository/repository-use'
import { unsteadyReads } from '#repository/unsteady-reads'
import type { Target } from '#target/target'
import { announcedIn } from '../expire/vanished-now.ts'
import { checkContent, damageOf, tablesOf } from './check-content.ts'
import { checkBases, checkFiles } from './check-files.ts'
import { unlockedLog } from './check-log-locks.ts'
import { checkProtection } from './check-protection.ts'
import { identitiesAtHand, signingKeyAtHand } from './keys-at-hand.ts'
import { refusal } from './list-snapshots.ts'
import { madeHere } from './made-here.ts'
import { newestToVerify } from './newest-to-verify.ts'
import { verifyLog } from './verify-log.ts'
import { whyNotStored } from './why-not-stored.ts'

export interface VerifyOptions {
  target: Target
  /** A snapshot id, the beginning of one, 'latest' or 'all'; 'newest': see `newestToVerify`. */
  snapshot: string
  /** Decrypt and compare the content too; otherwise sizes and SHA-256 of the stored bytes. */
  deep: boolean
  /**
   * Identities are needed for `deep`; otherwise they help to name the tables that damage
   * concerns. With a signing key an attestation is written.
   */
  keys: KeysConfig
  clock: Clock
  /** It is the place that backups go to; one that was a copy has promises of its own then. */
  isTarget?: boolean
}

/** The options with the keys read. */
interface Verification extends VerifyOptions {
  readFrom: () => ReadFrom
  trustedSigners: readonly string[]
  identities: readonly Secret[]
  signingKey: SigningKey | null
}

/**
 * `ecomdb backup verify`: reads what the envelopes name again and compares.
 *
 * @throws EcomdbError WRONG_IDENTITY, SNAPSHOT_NOT_FOUND, SIGNATURE_INVALID (one snapshot that
 *   is not believed), TARGET_UNAVAILABLE; damage is in the report
 */
export async function verifySnapshots(
  asked: VerifyOptions,
  progress: Progress,
): Promise<VerifyReport> {
  // Of a night's backup the host has most in memory: a disk that lost it would be called whole.
  const { target, readFrom } = pastCache(asked.target)
  const options = await withKeys({ ...asked, target, readFrom }, progress)
  const repository = await openRepository(target)
  return await usingRepository(repository, () => verifyInUse(repository, options, progress))
}

async function verifyInUse(
  repository: Repository,
  options: Verification,
  progress: Progress,
): Promise<VerifyReport> {
  const { envelopes, refused } = await chosen(repository, options)
  progress.stage(options.deep ? 'reading and decrypting objects' : 'reading objects')
  progress.total({ bytes: totalBytes(envelopes, options.deep) })
  const checker = new StoredChecker(repository, progress)
  const snapshots: VerifiedSnapshot[] = []
  const gone: string[] = []
  for (const envelope of envelopes) {
    const verified = await unlessGone(repository, envelope, () =>
      verifyOne(repository, envelope, checker, options, progress),
    )
    if (verified) snapshots.push(verified)
    else gone.push(envelope.snapshotId)
  }
  progress.stage('looking for what was laid over, and at locks')
  const now = options.clock.now()
  const there = envelopes.filter(({ snapshotId }) => !gone.includes(snapshotId))
  const isAll = options.snapshot === 'all'
  const { target, trustedSigners, isTarget = false } = options
  const promising = await madeHere(target, repository, there, { trustedSigners, isTarget })
  const exposed = await checkProtection(target, promising, now)
  const log = isAll ? await verifyLog(target, options, progress) : null
  if (log) exposed.push(...(await unlockedLog(target, promising, trustedSigners, now)))
  const doubted = isAll ? await doubtedIn(repository, options) : []
  const copyId = await repository.copyId()
  if (isAll && envelopes.length + refused.length === 0 && !log)
    throw nothingToVerify(repository.label, copyId)
  const isLogWhole = !log || log.damaged.length + log.refused.length === 0
  const areWhole = refused.length === 0 && snapshots.every(({ outcome }) => outcome === 'passed')
  return {
    repositoryId: repository.id,
    ...{ target: repository.label, copyId },
    level: options.deep ? 'deep' : 'stored',
    outcome: areWhole && isLogWhole ? 'passed' : 'failed',
    ...{ snapshots, refused, doubted, exposed, log, unsteady: unsteadyReads(options.target) },
    gone: await whetherAnnounced(gone, repository, options),
    readFrom: options.readFrom(),
  }
}

/**
 * What an expire on another host removes while it is read is no damage, and nothing is signed about it.
 * @returns null: it went meanwhile
 */
async function unlessGone(
  repository: Repository,
  { snapshotId }: SnapshotEnvelope,
  verify: () => Promise<VerifiedSnapshot | null>,
): Promise<VerifiedSnapshot | null> {
  try {
    return await verify()
  } catch (error) {
    if (!(await hasGone(error, repository, snapshotId))) throw error
    return null
  }
}

/** An attestation that has rotted is read by no hash of an envelope: whoever asks for all is told of it here. */
async function doubtedIn(
  repository: Repository,
  { trustedSigners }: Verification,
): Promise<Refused[]> {
  const listed = await repository.listSnapshots(trustedSigners)
  const attested = await repository.listAttestations(trustedSigners)
  return refusedAbout(attested, listed).map(({ name, error }) => refusal(name, error))
}

async function whetherAnnounced(
  snapshotIds: readonly string[],
  repository: Repository,
  { target, trustedSigners }: Verification,
): Promise<VerifyReport['gone']> {
  if (snapshotIds.length === 0) return []
  const announced = await announcedIn(target, repository, trustedSigners)
  return snapshotIds.map(snapshotId => ({ snapshotId, announced: announced.has(snapshotId) }))
}

async function withKeys(
  asked: VerifyOptions & Pick<Verification, 'readFrom'>,
  progress: Progress,
): Promise<Verification> {
  const { keys, deep } = asked
  const identities = await identitiesAtHand(keys, deep)
  if (deep && identities.length === 0) throw identityNeeded()
  const signingKey = await signingKeyAtHand(keys, progress)
  return { ...asked, trustedSigners: keys.trustedSigners, identities, signingKey }
}

async function chosen(
  repository: Repository,
  { snapshot, trustedSigners }: Verification,
): Promise<{ envelopes: readonly SnapshotEnvelope[]; refused: Refused[] }> {
  if (snapshot === 'newest') {
    return { envelopes: await newestToVerify(repository, trustedSigners), refused: [] }
  }
  if (snapshot !== 'all') {
    return { envelopes: [await repository.readEnvelope(snapshot, trustedSigners)], refused: [] }
  }
  const { snapshots, refused } = await repository.listSnapshots(trustedSigners)
  return {
    envelopes: snapshots,
    refused: refused.map(one => refusal(`snapshot ${one.snapshotId}`, one.error)),
  }
}

async function verifyOne(
  repository: Repository,
  envelope: SnapshotEnvelope,
  checker: StoredChecker,
  options: Verification,
  progress: Progress,
): Promise<VerifiedSnapshot | null> {
  const startedAt = options.clock.now().toISOString()
  const files = [envelope.manifest, ...envelope.objects]
  const damaged: Damage[] = []
  for (const file of files) damaged.push(...(await checker.check(file)))
  const checkInside = envelope.method === 'physical' ? checkPhysical : checkLogical
  const onObject = (bytes: number): void => {
    progress.advance({ bytes })
    throwIfInterrupted()
  }
  const content = await checkInside(repository, envelope, damaged, options, onObject)
  if (damaged.length > 0 && !(await repository.isThere(envelope.snapshotId))) return null
  const found: Omit<VerifiedSnapshot, 'attestationId' | 'unattested'> = {
    snapshotId: envelope.snapshotId,
    consistentAt: envelope.consistentAt,
    outcome: damaged.length === 0 ? 'passed' : 'failed',
    objects: files.length,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    ...content,
    damaged,
  }
  return { ...found, ...(await attest(repository, found, startedAt, options, progress)) }
}

/** Names the tables that damage concerns and, where asked, compares the rows. Adds to `damaged`. */
async function checkLogical(
  repository: Repository,
  envelope: SnapshotEnvelope,
  damaged: Damage[],
  options: Verification,
  onPiece: (bytes: number) => void,
): Promise<Pick<VerifiedSnapshot, 'rows'>> {
  const manifest = await manifestForNames(repository, envelope, damaged, options)
  for (const damage of damaged) if (manifest) damage.tables = tablesOf(manifest, damage.path)
  if (!options.deep || !manifest) return { rows: null }
  const content = await checkContent(repository, envelope, manifest, {
    identities: options.identities,
    skip: new Set(damaged.map(({ path }) => path)),
    onPiece,
  })
  damaged.push(...content.damaged)
  return { rows: content.rows }
}

/** The chain and, where asked, every block. Adds to `damaged`. */
async function checkPhysical(
  repository: Repository,
  envelope: SnapshotEnvelope,
  damaged: Damage[],
  { deep, identities, trustedSigners }: Verification,
  onPack: (bytes: number) => void,
): Promise<Pick<VerifiedSnapshot, 'rows' | 'blocks'>> {
  const bases = await checkBases(repository, envelope, trustedSigners)
  const skip = new Set(damaged.map(({ path }) => path))
  damaged.push(...bases)
  const unreadable = bases.length > 0 || skip.has(envelope.manifest.path)
  if (!deep || unreadable) return { rows: null, blocks: null }
  const options = { identities, trustedSigners, skip, onPack }
  const content = await checkFiles(repository, envelope, options)
  damaged.push(...content.damaged)
  return { rows: null, blocks: content.blocks }
}

/** The manifest, where it is needed and an identity is at hand; deep may not go without it. */
async function manifestForNames(
  repository: Repository,
  envelope: SnapshotEnvelope,
  damaged: Damage[],
  { deep, identities }: Verification,
): Promise<Manifest | null> {
  const unreadable = damaged.some(({ path }) => path === envelope.manifest.path)
  if (unreadable || identities.length === 0 || (!deep && damaged.length === 0)) return null
  try {
    return await repository.readManifest(envelope, identities)
  } catch (error) {
    if (!deep) return null
    damaged.push(damageOf(envelope.manifest.path, error))
    return null
  }
}

/** A claim that cannot be stored (a read-only copy) is a warning: the check itself was done. */
async function attest(
  repository: Repository,
  found: Omit<VerifiedSnapshot, 'attestationId' | 'unattested'>,
  startedAt: string,
  { signingKey, clock, deep, trustedSigners, readFrom, keys }: Verification,
  progress: Progress,
): Promise<Pick<VerifiedSnapshot, 'attestationId' | 'unattested'>> {
  if (!signingKey && !keys.signingKeyFile) return { attestationId: null }
  if (!signingKey) return { attestationId: null, unattested: 'the signing key cannot be read' }
  if (!trustedSigners.includes(signingKey.signer)) {
    const unattested = `the signing key's signer ${signingKey.signer} is not trusted`
    progress.warn(`no attestation: ${unattested}`)
    return { attestationId: null, unattested }
  }
  const { snapshotId, outcome, objects, bytes, rows, blocks } = found
  try {
    const { attestationId } = await repository.putAttestation(
      {
        snapshotId,
        kind: 'verify',
        outcome,
        startedAt,
        completedAt: clock.now().toISOString(),
        damaged: found.damaged.map(({ path, problem }) => ({ path, problem })),
        details: {
          level: deep ? 'deep' : 'stored',
          objects,
          bytes,
          rows,
          ...(blocks ? { blocks } : {}),
          readFrom: readFrom(),
        },
      },
      { signingKey, trustedSigners, clock },
    )
    return { attestationId }
  } catch (error) {
    const unattested = whyNotStored(error)
    progress.warn(`no attestation was written: ${unattested}`)
    return { attestationId: null, unattested }
  }
}

/** Reads each file once, however many snapshots name it. */
class StoredChecker {
  readonly #repository: Repository
  readonly #progress: Progress
  readonly #known = new Map<string, readonly Damage[]>()

  constructor(repository: Repository, progress: Progress) {
    this.#repository = repository
    this.#progress = progress
  }

  async check(file: StoredObject): Promise<Damage[]> {
    const key = `${file.path} ${file.bytes} ${file.sha256}`
    let found = this.#known.get(key)
    if (!found) {
      throwIfInterrupted()
      found = await this.#read(file)
      this.#known.set(key, found)
      this.#progress.advance({ bytes: file.bytes, items: 1 })
    }
    return found.map(damage => ({ ...damage }))
  }

  async #read(file: StoredObject): Promise<readonly Damage[]> {
    try {
      await this.#repository.readStored(file)
      return []
    } catch (error) {
      return [damageOf(file.path, error)]
    }
  }
}

function totalBytes(envelopes: readonly SnapshotEnvelope[], deep: boolean): number {
  const sizes = new Map(
    envelopes.flatMap(({ manifest, objects }) =>
      [manifest, ...objects].map(file => [file.path, file.bytes] as const),
    ),
  )
  const stored = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0)
  const content = envelopes.flatMap(({ objects }) => objects.map(({ bytes }) => bytes))
  return stored + (deep ? content.reduce((sum, bytes) => sum + bytes, 0) : 0)
}

function nothingToVerify(label: string, copyId: string | null): EcomdbError {
  return new EcomdbError('SNAPSHOT_NOT_FOUND', {
    what: `there is nothing to verify in ${label}`,
    why: `the ${copyId ? 'copy' : 'repository'} has no snapshot yet`,
    hints: [
      copyId
        ? '`ecomdb backup copy --to COPY` brings what the repository has'
        : 'run `ecomdb backup logical` to make one',
    ],
  })
}

function identityNeeded(): EcomdbError {
  return new EcomdbError('SECRET_MISSING', {
    what: 'cannot verify the content: no identity is given',
    why: '--deep decrypts every object, which takes the private key of a recipient',
    hints: [
      'give --identity FILE, or keys.identity_files in ecomdb.yaml',
      'without --deep, sizes and hashes of the stored bytes are checked, and no key is needed',
    ],
  })
}
