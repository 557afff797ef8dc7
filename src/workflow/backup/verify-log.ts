import { EcomdbError } from '#core/errors'
import { throwIfInterrupted } from '#core/interruption'
import type { Progress } from '#core/progress'
import type { Secret } from '#core/secret'
import type { Damage, VerifiedLog } from '#domain/backup/repository-report'
import type { BinlogSegment } from '#domain/binlog/segment'
import { BinlogArchive } from '#repository/binlog-archive'
import { segmentFile } from '#repository/layout'
import type { Target } from '#target/target'
import { damageOf } from './check-content.ts'

export interface LogVerification {
  trustedSigners: readonly string[]
  identities: readonly Secret[]
  /** Decrypt and decompress each segment, too. */
  deep: boolean
}

/**
 * Reads the archived binary log again: the chain of envelopes, and the stored bytes of each segment.
 * @returns null where there is none
 */
export async function verifyLog(
  target: Target,
  options: LogVerification,
  progress: Progress,
): Promise<VerifiedLog | null> {
  const archive = await BinlogArchive.open(target)
  const { stretches, refused } = await archive.stretches(options.trustedSigners)
  const segments = stretches.flatMap(stretch => stretch.segments)
  if (segments.length + refused.length === 0) return null
  const bytes = segments.reduce((sum, { object }) => sum + (object?.bytes ?? 0), 0)
  progress.stage('reading the binary log')
  progress.total({ bytes })
  const damaged: Damage[] = []
  for (const segment of segments) {
    throwIfInterrupted()
    const found = await check(archive, segment, options)
    // Another host's expire removes the envelope first.
    if (found.length > 0 && (await target.stat(envelopeOf(segment)))) damaged.push(...found)
    progress.advance({ bytes: segment.object?.bytes ?? 0 })
  }
  return { segments: segments.length, bytes, damaged, refused }
}

const envelopeOf = ({ sourceId, stretchId, sequence }: BinlogSegment): string =>
  segmentFile(sourceId, stretchId, sequence)

async function check(
  archive: BinlogArchive,
  segment: BinlogSegment,
  { identities, deep }: LogVerification,
): Promise<Damage[]> {
  if (!segment.object) return []
  try {
    if (deep) await archive.readBytes(segment, identities)
    else await archive.checkStored(segment)
    return []
  } catch (error) {
    if (!(error instanceof EcomdbError)) throw error
    return [damageOf(segment.object.path, error)]
  }
}
