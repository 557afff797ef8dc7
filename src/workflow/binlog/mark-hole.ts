import type { backupKeys } from '#config/config'
import type { Clock } from '#core/clock'
import { readSigningKey } from '#crypto/key-files'
import type { HashedSegment } from '#domain/binlog/stretch'
import type { LogNotWhole } from '#engine/binlog'
import type { BinlogArchive, SegmentFacts } from '#repository/binlog-archive'

/**
 * Notes at the archive's end that the server does not log all any more: the log itself does not tell, and once
 * it has all again, it would seem to lead on from every snapshot of before.
 */
export async function markHole(
  { keys, clock }: { keys: ReturnType<typeof backupKeys>; clock: Clock },
  archive: BinlogArchive,
  { sourceId, hole }: LogNotWhole,
): Promise<void> {
  const head = (await archive.heads(sourceId, keys.trustedSigners)).at(-1)
  if (!head || head.segment.hole != null) return
  const signingKey = await readSigningKey(keys.signingKeyFile)
  const mark = holeBehind(head, hole)
  await archive.append(mark, [], { recipients: keys.recipients, signingKey, clock })
}

/** A segment without bytes, which says what is missing behind the one before it. */
export function holeBehind({ segment, sha256 }: HashedSegment, hole: string): SegmentFacts {
  const { unseen: _, ...kept } = segment
  const { to, sequence, gtidsAfter, knownUntil, lastAt } = segment
  return {
    ...kept,
    ...{ sequence: sequence + 1, previousSha256: sha256, begins: null },
    ...{ from: to, border: null, transactions: 0, firstAt: null, lastAt: null },
    ...{ gtidsBefore: gtidsAfter, knownUntil: knownUntil ?? lastAt, hole },
  }
}
