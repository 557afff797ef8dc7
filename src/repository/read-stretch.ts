import { EcomdbError } from '#core/errors'
import type { StretchBegin } from '#domain/binlog/segment'
import { chainProblem, type HashedSegment, type Stretch } from '#domain/binlog/stretch'
import type { LogTrim } from '#domain/retention/log-trim'
import { idsOfSegmentFile } from './layout.ts'
import type { TrimsOfStretch } from './log-trims.ts'
import { ABOUT_ONE_FILE } from './trusted-files.ts'

/** A log has very many envelopes, small ones, and a bucket is far away. */
const READS_AT_ONCE = 16

export interface ReadStretch {
  /** One as a rule. A copy that was away while retention removed what it had not got has one before that. */
  parts: Stretch[]
  /** What is not believed, and after how many segments. */
  problems: { why: string; segments: number }[]
}

type ReadSegment = (name: string) => Promise<HashedSegment>

/**
 * The segments of one stretch, until the first that does not follow, and is not missing by a notice of
 * retention.
 *
 * @param files the envelopes that are there, in their order
 */
export async function readStretch(
  files: readonly string[],
  trims: TrimsOfStretch,
  read: ReadSegment,
): Promise<ReadStretch> {
  const found: ReadStretch = { parts: [], problems: [] }
  const missing = sequenceOf(files[0]) - 1
  let trim = missing > 0 ? await trims.reaching(missing) : null
  if (missing > 0 && !trim) {
    // What the repository removed says nothing of why it is not here; but from there on it can be read.
    trim = await trims.ofOrigin(missing)
    if (trim) found.problems.push({ why: lackBefore(missing + 1, trim), segments: 0 })
  }
  let rest = files.filter(name => sequenceOf(name) > (trim?.through ?? 0))
  while (rest.length > 0) {
    const run = rest.filter((name, at) => sequenceOf(name) === sequenceOf(rest[0]) + at)
    const next = rest[run.length]
    const bridge = next ? await trims.between(sequenceOf(next) - 1) : null
    const { chain, problem } = await chainOf(bridge ? run : rest, trim, read)
    const part = partOf(chain, trim, found.parts.at(-1) ?? null)
    if (part) found.parts.push(part)
    if (problem) found.problems.push({ why: problem, segments: chain.length })
    if (problem || !bridge) break
    rest = rest.filter(name => sequenceOf(name) > bridge.through)
    trim = bridge
  }
  return found
}

function partOf(
  chain: readonly HashedSegment[],
  trim: LogTrim | null,
  before: Stretch | null,
): Stretch | null {
  const head = chain.at(-1)
  if (!head) return null
  const { stretchId, sourceId } = head.segment
  const segments = chain.map(({ segment }) => segment)
  const first = trim?.begins ?? segments[0]?.begins ?? FIRST
  const sequence = before?.segments.at(-1)?.sequence ?? 0
  const begins: Stretch['begins'] = before
    ? { reason: 'trimmed', after: { stretchId, sequence }, first }
    : first
  return { stretchId, sourceId, segments, begins, headSha256: head.sha256 }
}

const FIRST: StretchBegin = { reason: 'first', after: null }

async function chainOf(
  files: readonly string[],
  trim: LogTrim | null,
  read: ReadSegment,
): Promise<{ chain: HashedSegment[]; problem: string | null }> {
  const chain: HashedSegment[] = []
  for (let at = 0; at < files.length; at += READS_AT_ONCE) {
    const reads = files.slice(at, at + READS_AT_ONCE).map(read)
    for (const outcome of await Promise.allSettled(reads)) {
      if (outcome.status === 'rejected') return { chain, problem: refusalOf(outcome.reason) }
      const { segment, sha256 } = outcome.value
      const problem = chainProblem(chain.at(-1) ?? null, segment, trim)
      if (problem) return { chain, problem }
      chain.push({ segment, sha256 })
    }
  }
  return { chain, problem: null }
}

/** In words; what is not about one envelope is thrown on. */
function refusalOf(error: unknown): string {
  if (!(error instanceof EcomdbError && ABOUT_ONE_FILE.has(error.code))) throw error
  return `${error.what}: ${error.why ?? ''}`
}

const sequenceOf = (name: string | undefined): number =>
  (name ? idsOfSegmentFile(name)?.sequence : null) ?? 0

const lackBefore = (next: number, { through }: LogTrim): string =>
  `segment 1 is missing: ${next} comes next; it is read from segment ${through + 1} on`
