import type { SnapshotEnvelope } from '#domain/backup/envelope'
import type { Exposure } from '#domain/backup/repository-report'
import { envelopeFile, isOfCheck, SNAPSHOTS } from '#repository/layout'
import type { HeldFile, Target, TargetLock } from '#target/target'
import { isWeaker } from '#target/weaker-lock'
import { askAtOnce } from './ask-at-once.ts'

export const WEAKER = 'is locked in governance mode, and target.s3.object_lock asks for compliance'

/** A service stores whole seconds. */
const TOLERANCE_MS = 1000
const HOUR_MS = 3_600_000

/**
 * What somebody has laid over files of the repository, and what is not locked as its signed
 * envelope promises. Nothing of it is damage: the right bytes were there, and were read.
 *
 * @param envelopes that promise locks of this place (`madeHere`)
 * @param prefix where to look for what is laid over: '' or a folder with its slash
 */
export async function checkProtection(
  target: Target,
  envelopes: readonly SnapshotEnvelope[],
  now: Date,
  prefix = '',
): Promise<Exposure[]> {
  return [...(await shadowedFiles(target, prefix)), ...(await unlocked(target, envelopes, now))]
}

/** Of all files, or of the envelopes alone, by which snapshots are listed. */
export async function shadowedFiles(target: Target, prefix = SNAPSHOTS): Promise<Exposure[]> {
  const found: Exposure[] = []
  for await (const { name, how } of target.shadowed(prefix)) {
    // A check tries whether a name that is taken is refused.
    if (isOfCheck(name)) continue
    const problem =
      how === 'hidden'
        ? 'a delete marker hides it; it is there, and is read'
        : 'somebody put another content over it; the first one is read'
    found.push({ name, problem })
  }
  return found
}

async function unlocked(
  target: Target,
  envelopes: readonly SnapshotEnvelope[],
  now: Date,
): Promise<Exposure[]> {
  const { lock } = target
  if (!lock) return []
  const found: Exposure[] = []
  const promises = promisedLocks(await withExtended(lock, envelopes), now)
  await askAtOnce([...promises], async ([name, { until, versionId }]) => {
    const held = await lock.held(name, versionId)
    if (held && held.until.getTime() >= until.getTime() - TOLERANCE_MS) {
      if (isWeaker(held, lock)) found.push({ name, problem: WEAKER })
      return
    }
    found.push({ name, problem: await brokenPromise(target, name, held, until) })
  })
  return found.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** A file that is held too shortly, not at all, or is gone, in words. */
export async function brokenPromise(
  target: Target,
  name: string,
  held: HeldFile | null,
  until: Date,
): Promise<string> {
  const is = held
    ? `is locked until ${held.until.toISOString()} only`
    : (await target.stat(name))
      ? 'is not locked'
      : 'is not there'
  return `${is}; its snapshot promises ${until.toISOString()}`
}

/**
 * What an expire has held for longer, for its class, is promised until then: it holds the envelope last, so that
 * tells of all else. A backup holds it last, too, for as many days as what it has stored before.
 */
async function withExtended(
  lock: TargetLock,
  envelopes: readonly SnapshotEnvelope[],
): Promise<readonly SnapshotEnvelope[]> {
  const extended: SnapshotEnvelope[] = []
  await askAtOnce(envelopes, async envelope => {
    const { snapshotId, lockUntil, startedAt, completedAt } = envelope
    const until = lockUntil ? await lock.heldUntil(envelopeFile(snapshotId)) : null
    const tookMs = Date.parse(completedAt) - Date.parse(startedAt)
    const isLonger = until && until.getTime() > Date.parse(lockUntil ?? '') + 2 * tookMs + HOUR_MS
    extended.push(isLonger ? { ...envelope, lockUntil: until.toISOString() } : envelope)
  })
  return extended
}

/** Per file the longest promise that has not run out. */
function promisedLocks(
  envelopes: readonly SnapshotEnvelope[],
  now: Date,
): Map<string, { until: Date; versionId: string | undefined }> {
  const promised = new Map<string, { until: Date; versionId: string | undefined }>()
  for (const { snapshotId, lockUntil, manifest, objects } of envelopes) {
    if (lockUntil === null || lockUntil === undefined) continue
    const until = new Date(lockUntil)
    if (until <= now) continue
    const own = { path: envelopeFile(snapshotId), versionId: undefined }
    for (const { path, versionId } of [own, manifest, ...objects]) {
      const known = promised.get(path)
      if (!known || known.until < until) promised.set(path, { until, versionId })
    }
  }
  return promised
}
