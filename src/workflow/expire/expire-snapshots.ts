import type { KeysConfig } from '#config/config'
import type { Clock } from '#core/clock'
import { EcomdbError } from '#core/errors'
import type { Progress } from '#core/progress'
import { toolVersion } from '#core/version'
import { readSigningKey, type SigningKey } from '#crypto/key-files'
import { acceptancesThatStay } from '#domain/retention/anomalies'
import type { ExpiredSnapshot, ExpireReport } from '#domain/retention/expire-report'
import type { RecoveryPolicy } from '#domain/retention/recovery-policy'
import { FORCE_MS, isDue, type Tombstone } from '#domain/retention/tombstone'
import { type Attesting, openRepository, type Repository } from '#repository/repository'
import { aloneInRepository, usingRepository } from '#repository/repository-use'
import { putTombstone } from '#repository/tombstones'
import { uuidV7 } from '#repository/uuid'
import type { Target } from '#target/target'
import { extendLocks } from './extend-locks.ts'
import { extendLogLocks } from './extend-log-locks.ts'
import { LaterArrivals, refuseWhileBackupRuns } from './look-again.ts'
import { Remover } from './remove-snapshots.ts'
import { anomaliesOf, type Survey, surveyRepository } from './survey-repository.ts'
import { type OpenedLog, openLog, trimLog } from './trim-log.ts'
import { unlessFull } from './unless-full.ts'

export interface ExpireOptions {
  target: Target
  keys: KeysConfig
  policy: RecoveryPolicy & { file: string }
  /** Without it, only what would be done is said. */
  confirm: boolean
  /** First of all, accept what is wrong with a snapshot. */
  accept: { snapshotId: string; reason: string } | null
  clock: Clock
}

/**
 * `ecomdb backup expire`: says what the policy does not keep, and with `confirm` writes a
 * tombstone for it, and removes what an earlier tombstone has announced for long enough. While
 * anything looks wrong, nothing is removed.
 *
 * @throws EcomdbError LOCKED (a backup, restore, drill, verify or copy is running),
 *   SECRET_MISSING (no signing key), STORAGE_FAILED, SNAPSHOT_NOT_FOUND
 */
export async function expireSnapshots(
  options: ExpireOptions,
  progress: Progress,
): Promise<ExpireReport> {
  const repository = await openRepository(options.target)
  const { accept, confirm } = options
  if (accept) await usingRepository(repository, () => acceptAnomalies(options, repository, accept))
  if (!confirm) {
    return await usingRepository(repository, () => preview(options, repository, progress))
  }
  const key = await trustedKey(options.keys)
  return await aloneInRepository(repository, () => expire(options, repository, key, progress))
}

async function preview(
  options: ExpireOptions,
  repository: Repository,
  progress: Progress,
): Promise<ExpireReport> {
  const survey = await surveyed(options, repository, progress)
  const report = reportOf(options, repository, survey)
  if (isBraked(survey)) return report
  const { snapshots } = dueNow(survey, options.clock.now())
  const found = await openLog(options.target, options.keys.trustedSigners, progress)
  return { ...report, log: await trimLog(placeOf(options), found, survey, snapshots, null) }
}

const placeOf = ({ target, keys, policy, clock }: ExpireOptions) => ({
  ...{ target, clock },
  trustedSigners: keys.trustedSigners,
  policy: policy.retention,
})

async function expire(
  options: ExpireOptions,
  repository: Repository,
  key: SigningKey,
  progress: Progress,
): Promise<ExpireReport> {
  const { target, policy, clock } = options
  const trust = { repositoryId: repository.id, trustedSigners: options.keys.trustedSigners }
  const look = () => refuseWhileBackupRuns(target, trust, policy.longestBackupMs, clock.now())
  const before = await surveyed(options, repository, progress)
  if (isBraked(before)) return await onlyHeld(options, repository, before, progress)
  await look()
  // What a backup had stored that ended during the survey is named by a snapshot now, and was a leftover there.
  await laterArrivals(options, repository, before, new Set(), key).refuse(new Set())
  progress.stage('writing the tombstone')
  const buried = await unlessFull(() => bury(options, repository, before, key))
  // A backup that ends before this look is in the survey after it; one that begins later sees
  // the tombstone. Between the two nothing can be used again that is removed here.
  await look()
  const survey = await surveyed(options, repository, progress)
  if (isBraked(survey)) return await onlyHeld(options, repository, survey, progress)
  const found = await openLog(target, options.keys.trustedSigners, progress)
  const locked = await holdLonger(options, survey, found, progress)
  progress.stage('removing what was announced')
  // Nothing is refused here: that is the brake's.
  const due = dueNow(survey, clock.now())
  await keepAcceptances(options, repository, survey, due.snapshots, key)
  const arrivals = laterArrivals(options, repository, survey, due.snapshots, key)
  const lookAgain = async () => {
    await look()
    await arrivals.refuse(remover.removed)
  }
  const remover = new Remover(target, lookAgain, clock, progress)
  const envelopes = survey.snapshots.map(({ value }) => value)
  await remover.removeSnapshots(
    envelopes.filter(({ snapshotId }) => due.snapshots.has(snapshotId)),
    envelopes.filter(({ snapshotId }) => !due.snapshots.has(snapshotId)),
    survey.evidence,
  )
  await remover.removeFiles(due.leftovers)
  const { snapshots: gone } = remover
  await arrivals.checkNew(remover.removed)
  const log = await trimLog(placeOf(options), found, survey, gone, { key, remover })
  if (!buried) await arrivals.refuse(remover.removed)
  const tombstone = buried ? buried.announced : await bury(options, repository, survey, key)
  const { files, bytes, held, refused: notRemoved } = remover
  const report = reportOf(options, repository, survey)
  return {
    ...report,
    log,
    snapshots: report.snapshots.map(one => ({
      ...one,
      removed: gone.has(one.snapshotId),
    })),
    tombstoneId: tombstone?.tombstoneId ?? null,
    removeAfter: tombstone?.removeAfter ?? null,
    removed: { snapshots: gone.size, files, bytes, held },
    notRemoved,
    locked,
  }
}

function laterArrivals(
  { target, keys, clock }: ExpireOptions,
  repository: Repository,
  { snapshots, attested }: Survey,
  going: ReadonlySet<string>,
  signingKey: SigningKey,
): LaterArrivals {
  const known = new Set(snapshots.map(({ value }) => value.snapshotId))
  const decided = { snapshots: known, attestations: attested }
  const by = { signingKey, trustedSigners: keys.trustedSigners, clock }
  return new LaterArrivals(target, repository, decided, going, by)
}

/**
 * While the brake is on, nothing goes by ecomdb, and nothing is to go by others: what it keeps is held on. A brake
 * may last for months, and whoever caused it may be waiting for the locks to run out.
 */
async function onlyHeld(
  options: ExpireOptions,
  repository: Repository,
  survey: Survey,
  progress: Progress,
): Promise<ExpireReport> {
  const report = reportOf(options, repository, survey)
  if (!options.target.lock) return report
  const found = await openLog(options.target, options.keys.trustedSigners, progress)
  return { ...report, locked: await holdLonger(options, survey, found, progress) }
}

async function holdLonger(
  { target, policy, clock }: ExpireOptions,
  survey: Survey,
  found: OpenedLog,
  progress: Progress,
): Promise<ExpireReport['locked']> {
  const now = clock.now()
  return {
    ...(await extendLocks(target, survey, policy, now, progress)),
    segments: await extendLogLocks(target, found, survey, policy.retention, now, progress),
  }
}

async function surveyed(
  options: ExpireOptions,
  repository: Repository,
  progress: Progress,
): Promise<Survey> {
  progress.stage('looking at snapshots, attestations and tombstones')
  return await survey(options, repository, options.clock.now())
}

async function survey(
  { target, keys, policy }: ExpireOptions,
  repository: Repository,
  now: Date,
): Promise<Survey> {
  return await surveyRepository(target, repository, keys.trustedSigners, policy, now)
}

/** What is not believed may need any object, so it stops everything as an anomaly does. */
function isBraked({ anomalies, refused }: Survey): boolean {
  return anomalies.length > 0 || refused.length > 0
}

/** Announces what is to go and was not announced yet; null when there is nothing. */
async function bury(
  { target, policy, clock }: ExpireOptions,
  repository: Repository,
  survey: Survey,
  key: SigningKey,
): Promise<Tombstone | null> {
  const announced = new Set(
    survey.tombstones.flatMap(one => one.snapshots.map(({ snapshotId }) => snapshotId)),
  )
  const announcedFiles = new Set(survey.tombstones.flatMap(({ objects }) => objects))
  const verdicts = new Map(survey.verdicts.map(one => [one.snapshotId, one]))
  const snapshots = survey.snapshots.flatMap(({ value: { snapshotId }, sha256 }) => {
    const verdict = verdicts.get(snapshotId)
    if (verdict?.action !== 'remove' || announced.has(snapshotId)) return []
    return [{ snapshotId, envelopeSha256: sha256, reasons: verdict.reasons }]
  })
  const objects = [...survey.leftovers.keys()].filter(name => !announcedFiles.has(name))
  if (snapshots.length === 0 && objects.length === 0) return null
  const { waitMs } = policy.retention
  const tombstone = newTombstone(repository, survey, waitMs, clock.now(), { snapshots, objects })
  await putTombstone(target, tombstone, key)
  return tombstone
}

function newTombstone(
  { id: repositoryId }: Repository,
  { copyId }: Survey,
  waitMs: number,
  at: Date,
  what: Pick<Tombstone, 'snapshots' | 'objects'>,
): Tombstone {
  const removeAfter = new Date(at.getTime() + waitMs)
  return {
    ...{ format: 1, repositoryId, tombstoneId: uuidV7(at), copyId },
    tool: toolVersion(),
    at: at.toISOString(),
    removeAfter: removeAfter.toISOString(),
    lapsesAt: new Date(removeAfter.getTime() + FORCE_MS).toISOString(),
    ...what,
  }
}

/** What was announced for long enough, and is still not wanted, by today's policy and proofs. */
function dueNow(
  { tombstones, verdicts, snapshots, leftovers }: Survey,
  now: Date,
): { snapshots: Set<string>; leftovers: string[] } {
  const due = tombstones.filter(tombstone => isDue(tombstone, now))
  const unwanted = new Set(
    verdicts.filter(({ action }) => action === 'remove').map(({ snapshotId }) => snapshotId),
  )
  const hashes = new Map(snapshots.map(({ value, sha256 }) => [value.snapshotId, sha256]))
  const announced = due
    .flatMap(one => one.snapshots)
    .filter(one => hashes.get(one.snapshotId) === one.envelopeSha256)
    .map(({ snapshotId }) => snapshotId)
  const files = new Set(due.flatMap(({ objects }) => objects))
  return {
    snapshots: new Set(announced.filter(id => unwanted.has(id))),
    leftovers: [...files].filter(name => leftovers.has(name)),
  }
}

async function acceptAnomalies(
  options: ExpireOptions,
  repository: Repository,
  { snapshotId, reason }: { snapshotId: string; reason: string },
): Promise<void> {
  const { target, keys, clock } = options
  const key = await trustedKey(keys)
  const { trustedSigners } = keys
  const now = clock.now()
  const found = await survey(options, repository, now)
  const isGone = found.anomalies.some(
    one => one.kind === 'vanished' && one.snapshotId === snapshotId,
  )
  if (isGone) {
    // From now on it is known to be gone, here and to status; its files are leftovers.
    const snapshots = [{ snapshotId, envelopeSha256: '', reasons: [reason] }]
    const gone = newTombstone(repository, found, 0, now, { snapshots, objects: [] })
    await putTombstone(target, gone, key)
    return
  }
  const named = await repository.readEnvelope(snapshotId, trustedSigners)
  const anomalies = anomaliesOf(found, named.snapshotId).map(({ kind }) => kind)
  const by = { signingKey: key, trustedSigners, clock }
  await putAcceptance(repository, named.snapshotId, { anomalies, reason }, by)
}

/**
 * The word of whoever accepted an anomaly outlives the snapshot that it was given for. Before that goes:
 * a run that is cut off behind it finds no brake that nobody knows the reason of.
 */
async function keepAcceptances(
  { policy, keys, clock }: ExpireOptions,
  repository: Repository,
  { snapshots, accepted }: Survey,
  going: ReadonlySet<string>,
  key: SigningKey,
): Promise<void> {
  const now = clock.now()
  const envelopes = snapshots.map(({ value }) => value)
  const staying = acceptancesThatStay(envelopes, going, accepted, policy.brake, now)
  const by = { signingKey: key, trustedSigners: keys.trustedSigners, clock }
  for (const { snapshotId, kinds, from } of staying) {
    const reason = `accepted at ${from.join(', ')}, since removed`
    await putAcceptance(repository, snapshotId, { anomalies: kinds, reason }, by)
  }
}

async function putAcceptance(
  repository: Repository,
  snapshotId: string,
  details: { anomalies: readonly string[]; reason: string },
  by: Attesting,
): Promise<void> {
  const at = by.clock.now().toISOString()
  await repository.putAttestation(
    {
      ...{ snapshotId, kind: 'accept', outcome: 'passed', damaged: [] },
      ...{ startedAt: at, completedAt: at, details },
    },
    by,
  )
}

/** @throws EcomdbError SECRET_MISSING */
async function trustedKey({ signingKeyFile, trustedSigners }: KeysConfig): Promise<SigningKey> {
  const key = signingKeyFile ? await readSigningKey(signingKeyFile) : null
  if (key && trustedSigners.includes(key.signer)) return key
  throw new EcomdbError('SECRET_MISSING', {
    what: 'cannot sign what is going to be removed',
    why: key
      ? `the signing key's signer ${key.signer} is not among keys.trusted_signers`
      : 'keys.signing_key_file is not set',
    hints: ['run it on the host that has a trusted signing key: docs/keys.md'],
  })
}

function reportOf(
  { target, policy, confirm }: ExpireOptions,
  repository: Repository,
  survey: Survey,
): ExpireReport {
  const removeAfter = new Map(
    survey.tombstones.flatMap(one =>
      one.snapshots.map(({ snapshotId }) => [snapshotId, one.removeAfter] as const),
    ),
  )
  const sizes = [...survey.leftovers.values()]
  return {
    repositoryId: repository.id,
    target: target.label,
    copyId: survey.copyId,
    policy: policy.file,
    dryRun: !confirm,
    snapshots: survey.snapshots.map(({ value }, at): ExpiredSnapshot => {
      const { snapshotId, sourceId, method, consistentAt } = value
      const verdict = survey.verdicts[at]
      return {
        ...{ snapshotId, sourceId, method, consistentAt },
        proof: survey.retained[at]?.proof ?? 'unproven',
        action: verdict?.action ?? 'keep',
        reasons: verdict?.reasons ?? [],
        classes: verdict?.classes ?? [],
        removeAfter: removeAfter.get(snapshotId) ?? null,
        removed: false,
      }
    }),
    anomalies: [...survey.anomalies],
    refused: [...survey.refused],
    leftovers: { files: sizes.length, bytes: sizes.reduce((sum, bytes) => sum + bytes, 0) },
    log: [],
    ...{ tombstoneId: null, removeAfter: null },
    removed: { snapshots: 0, files: 0, bytes: 0, held: 0 },
    notRemoved: [],
    locked: { snapshots: 0, files: 0, segments: 0 },
  }
}
