import type { Clock } from '#core/clock'
import type { Progress } from '#core/progress'
import { toolVersion } from '#core/version'
import type { SigningKey } from '#crypto/key-files'
import type { Damage } from '#domain/backup/repository-report'
import type { Stretch } from '#domain/binlog/stretch'
import type { ExpiredLog } from '#domain/retention/expire-report'
import {
  isTrimInForce,
  type LogTrim,
  type StayingSnapshot,
  unusedLog,
} from '#domain/retention/log-trim'
import type { RetentionPolicy } from '#domain/retention/recovery-policy'
import { BinlogArchive, type RefusedStretch } from '#repository/binlog-archive'
import { LogTrims } from '#repository/log-trims'
import type { Target } from '#target/target'
import type { Remover } from './remove-snapshots.ts'
import type { Survey } from './survey-repository.ts'
import { unlessFull } from './unless-full.ts'

/** What is done, rather than said. */
export interface Trimming {
  key: SigningKey
  remover: Remover
}

/** The archived log as it was found. */
export interface OpenedLog {
  archive: BinlogArchive
  /** As far as each is believed. */
  stretches: readonly Stretch[]
  refused: readonly RefusedStretch[]
  /** Of their segments, those whose bytes are missing or cut. */
  unreadable: readonly Damage[]
}

interface TrimOptions {
  target: Target
  trustedSigners: readonly string[]
  policy: RetentionPolicy
  clock: Clock
}

/** @throws EcomdbError TARGET_UNAVAILABLE, STORAGE_FAILED */
export async function openLog(
  target: Target,
  trustedSigners: readonly string[],
  progress: Progress,
): Promise<OpenedLog> {
  progress.stage('looking at the archived binary log')
  const archive = await BinlogArchive.open(target)
  return { archive, ...(await archive.stretches(trustedSigners)) }
}

/**
 * The archived log that no snapshot which stays leads through: says what it is; and with `trimming` writes
 * the notice of it, and removes what an earlier notice has announced for long enough, if it is still not
 * needed. A stretch that is not believed as a whole is left as it is.
 *
 * @param gone ids of snapshots that are removed, or would be
 * @throws EcomdbError TARGET_UNAVAILABLE, STORAGE_FAILED, LOCKED, INTERRUPTED
 */
export async function trimLog(
  options: TrimOptions,
  { archive, stretches, refused }: OpenedLog,
  survey: Survey,
  gone: ReadonlySet<string>,
  trimming: Trimming | null,
): Promise<ExpiredLog[]> {
  const { target, policy, clock } = options
  const notices = new LogTrims(archive.repository, target)
  const whole = stretches.filter(
    ({ stretchId }) => !refused.some(({ name }) => name.endsWith(`/${stretchId}/`)),
  )
  const trims: ExpiredLog[] = []
  for (const { stretchId, through } of unusedLog(
    whole,
    stayingOf(survey, gone),
    policy.logMs,
    clock.now(),
  )) {
    const stretch = whole.find(one => one.stretchId === stretchId && has(one, through))
    if (stretch)
      trims.push(
        await trimStretch({ ...options, archive, notices }, survey, stretch, through, trimming),
      )
  }
  return trims
}

const has = ({ segments }: Stretch, sequence: number): boolean =>
  segments.some(one => one.sequence === sequence)

function stayingOf({ snapshots, proven }: Survey, gone: ReadonlySet<string>): StayingSnapshot[] {
  return snapshots.flatMap(({ value: envelope }) =>
    gone.has(envelope.snapshotId) ? [] : [{ envelope, proven: proven.has(envelope.snapshotId) }],
  )
}

async function trimStretch(
  {
    archive,
    notices,
    trustedSigners,
    policy,
    clock,
  }: TrimOptions & {
    archive: BinlogArchive
    notices: LogTrims
  },
  { copyId }: Survey,
  stretch: Stretch,
  through: number,
  trimming: Trimming | null,
): Promise<ExpiredLog> {
  const { sourceId, stretchId, segments, begins } = stretch
  const now = clock.now()
  const { trims, files: all } = await notices.ofStretch(stretch, trustedSigners)
  // The part before, in a copy that was away for so long, is trimmed by itself.
  const behind = begins.reason === 'trimmed' ? begins.after.sequence : 0
  const files = all.filter(({ sequence }) => sequence > behind)
  const own = trims.filter(
    one => one.copyId === copyId && one.through <= through && isTrimInForce(one, now),
  )
  const announced = own.toSorted((a, b) => a.through - b.through)
  const unused = segments.filter(({ sequence }) => sequence <= through)
  const bytes = files
    .filter(({ sequence }) => sequence <= through)
    .reduce((sum, file) => sum + file.bytes, 0)
  const lasts = unused.flatMap(({ knownUntil, lastAt }) => lastAt ?? knownUntil ?? [])
  const log = { sourceId, stretchId, segments: unused.length, bytes, until: lasts.at(-1) ?? null }
  if (!trimming) {
    return { ...log, removeAfter: announced.at(-1)?.removeAfter ?? null, removed: 0 }
  }
  const { key, remover } = trimming
  const last = announced.at(-1)
  const isAnnounced = last?.through === through
  const newest = isAnnounced ? last : noticeOf(archive, stretch, through, { copyId, now, policy })
  const put = isAnnounced || (await unlessFull(() => notices.put(newest, key)))
  if (put && !isAnnounced) announced.push(newest)
  const due = announced.findLast(({ removeAfter }) => new Date(removeAfter) <= now)
  const going = files.filter(({ sequence }) => sequence <= (due?.through ?? 0))
  const removed = await remover.removeInOrder(going)
  if (!put) await notices.put(newest, key)
  return { ...log, removeAfter: newest.removeAfter, removed }
}

function noticeOf(
  archive: BinlogArchive,
  { sourceId, stretchId, segments, begins }: Stretch,
  through: number,
  { copyId, now, policy }: { copyId: string | null; now: Date; policy: RetentionPolicy },
): LogTrim {
  const next = segments.find(({ sequence }) => sequence === through + 1)
  if (!next?.previousSha256) throw new Error(`segment ${through + 1} names none before it`)
  return {
    ...{ format: 1, repositoryId: archive.repository.id, sourceId, stretchId, through },
    ...{ sha256: next.previousSha256, copyId },
    begins: begins.reason === 'trimmed' ? begins.first : begins,
    at: now.toISOString(),
    removeAfter: new Date(now.getTime() + policy.waitMs).toISOString(),
    tool: toolVersion(),
  }
}
