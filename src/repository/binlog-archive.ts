import { promisify } from 'node:util'
import { constants, zstdCompress, zstdDecompress } from 'node:zlib'
import { type Clock, systemClock } from '#core/clock'
import { EcomdbError, messageOf } from '#core/errors'
import type { Secret } from '#core/secret'
import { toolVersion } from '#core/version'
import { checkRecipients, encryptAge } from '#crypto/age-file'
import type { SigningKey } from '#crypto/key-files'
import { recipientSet } from '#crypto/object-id'
import { signStatement } from '#crypto/signed-statement'
import type { StoredObject } from '#domain/backup/envelope'
import type { Damage } from '#domain/backup/repository-report'
import { honestTimes } from '#domain/binlog/honest-times'
import { BINLOG_CAPABILITIES, type BinlogSegment, isBinlogSegment } from '#domain/binlog/segment'
import type { HashedSegment, Stretch } from '#domain/binlog/stretch'
import type { Target } from '#target/target'
import type { Repository } from './contract.ts'
import {
  BINLOG,
  binlogFolder,
  idsOfSegmentFile,
  idsOfTrimFile,
  newSegmentObject,
  segmentFile,
} from './layout.ts'
import { LogTrims } from './log-trims.ts'
import { readStretch } from './read-stretch.ts'
import { openRepository } from './repository.ts'
import {
  checkCapabilities,
  checkFormat,
  checkOwn,
  misplaced,
  readStatement,
  sha256Hex,
} from './trusted-files.ts'
import { uuidV7Behind } from './uuid.ts'

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)

/** Binary logs are read while the server works: the cheapest level. */
const LEVEL = 1

/** What an archiver knows of a segment; the archive adds the rest. */
export type SegmentFacts = Omit<
  BinlogSegment,
  'format' | 'requires' | 'repositoryId' | 'object' | 'recipients' | 'closedAt' | 'tool'
>

/** What a writer needs. */
export interface SegmentKeys {
  recipients: readonly string[]
  signingKey: SigningKey
  clock: Clock
}

/** A stretch that is not believed: its name in the repository, and why. */
export interface RefusedStretch {
  name: string
  why: string
  /** How many segments before the one that is not believed are whole. */
  segments: number
}

/** Envelopes of segments in their order, and notices of what retention has removed. */
interface StretchFiles {
  files: string[]
  notices: string[]
}

const NO_FILES: StretchFiles = { files: [], notices: [] }

/** The binary logs in a repository: segments, each with its signed envelope (docs/formats.md). */
export class BinlogArchive {
  readonly repository: Repository
  readonly #target: Target
  readonly #trims: LogTrims

  /** @throws EcomdbError REPOSITORY_NOT_FOUND, REPOSITORY_VERSION, TARGET_UNAVAILABLE */
  static async open(target: Target): Promise<BinlogArchive> {
    return new BinlogArchive(await openRepository(target), target)
  }

  private constructor(repository: Repository, target: Target) {
    this.repository = repository
    this.#target = target
    this.#trims = new LogTrims(repository, target)
  }

  /**
   * Stores the bytes of a segment, then its envelope: the commit.
   *
   * @returns the envelope and its hash, which the next segment names
   * @throws EcomdbError STORAGE_FAILED (also when another archiver stored this number)
   */
  async append(
    facts: SegmentFacts,
    bytes: readonly Uint8Array[],
    { recipients, signingKey, clock }: SegmentKeys,
  ): Promise<HashedSegment> {
    const { sourceId, stretchId, sequence } = facts
    const object = bytes.length === 0 ? null : await this.#store(facts, bytes, recipients)
    const segment: BinlogSegment = {
      format: 1,
      requires: BINLOG_CAPABILITIES,
      repositoryId: this.repository.id,
      ...facts,
      object,
      recipients: recipientSet(recipients),
      closedAt: clock.now().toISOString(),
      tool: toolVersion(),
    }
    const file = signStatement('binlog-segment', segment, signingKey)
    await this.#target.put(segmentFile(sourceId, stretchId, sequence), [file])
    return { segment, sha256: sha256Hex(file) }
  }

  /** @throws EcomdbError CONFIG_INVALID */
  async checkRecipients(recipients: readonly string[]): Promise<void> {
    await checkRecipients(recipients)
  }

  /** A new stretch's id: after all others of its source, even where the clock was set back. */
  newStretchId(clock: Clock, others: readonly string[]): string {
    return uuidV7Behind(others.toSorted().slice(-1), clock.now())
  }

  /**
   * The newest segment of every stretch of a source, oldest stretch first. One that is not
   * believed is an error: an archiver must not go on as if it were not there.
   *
   * @throws EcomdbError SIGNATURE_INVALID, REPOSITORY_VERSION, UNSUPPORTED
   */
  async heads(sourceId: string, trustedSigners: readonly string[]): Promise<HashedSegment[]> {
    const newest = new Map<string, number>()
    for await (const { name } of this.#target.list(binlogFolder(sourceId))) {
      const ids = idsOfSegmentFile(name)
      if (ids) newest.set(ids.stretchId, ids.sequence)
    }
    const heads: HashedSegment[] = []
    for (const [stretchId, sequence] of newest) {
      heads.push(await this.read(segmentFile(sourceId, stretchId, sequence), trustedSigners))
    }
    return heads
  }

  /**
   * Every stretch of every source as far as it is whole, oldest first, and what is not; and of the
   * segments in them those whose stored bytes are missing, or not as long as was signed.
   *
   * @param now of this host: what a segment says of a later time is not believed
   */
  async stretches(
    trustedSigners: readonly string[],
    now: Date = systemClock.now(),
  ): Promise<{ stretches: Stretch[]; refused: RefusedStretch[]; unreadable: Damage[] }> {
    const { folders, sizes } = await this.#list(BINLOG)
    const stretches: Stretch[] = []
    const refused: RefusedStretch[] = []
    const read = (name: string) => this.read(name, trustedSigners)
    const readAll = ({ files, notices }: StretchFiles) =>
      readStretch(files, this.#trims.among(notices, trustedSigners), read)
    for (const [folder, there] of folders) {
      let found = await readAll(there)
      if (found.problems.length > 0) {
        // Another host's expire may have removed its beginning since it was listed, and says so first.
        const left = (await this.#list(folder)).folders.get(folder) ?? NO_FILES
        if (there.files.some(name => !left.files.includes(name))) found = await readAll(left)
      }
      for (const part of found.parts) {
        stretches.push({ ...part, ...honestTimes(part.segments, now) })
      }
      refused.push(...found.problems.map(problem => ({ name: folder, ...problem })))
    }
    return { stretches, refused, unreadable: await this.#unreadable(stretches, sizes) }
  }

  /** What is there of each stretch that has an envelope, and of every file its bytes. */
  async #list(
    prefix: string,
  ): Promise<{ folders: Map<string, StretchFiles>; sizes: Map<string, number> }> {
    const sizes = new Map<string, number>()
    const notices: { name: string; folder: string }[] = []
    const folders = new Map<string, StretchFiles>()
    for await (const { name, sizeBytes } of this.#target.list(prefix)) {
      sizes.set(name, sizeBytes)
      const notice = idsOfTrimFile(name)
      if (notice) notices.push({ name, folder: notice.folder })
      const ids = idsOfSegmentFile(name)
      if (!ids) continue
      const folder = `${ids.folder}${ids.stretchId}/`
      const found = folders.get(folder) ?? { files: [], notices: [] }
      folders.set(folder, found)
      found.files.push(name)
    }
    for (const { name, folder } of notices) folders.get(folder)?.notices.push(name)
    return { folders, sizes }
  }

  /** @param sizes of a listing, in which a segment that came meanwhile may be missing */
  async #unreadable(
    stretches: readonly Stretch[],
    sizes: ReadonlyMap<string, number>,
  ): Promise<Damage[]> {
    const found: Damage[] = []
    for (const { object } of stretches.flatMap(({ segments }) => segments)) {
      if (!object || sizes.get(object.path) === object.bytes) continue
      const size = (await this.#target.stat(object.path))?.sizeBytes
      if (size === object.bytes) continue
      const is = size === undefined ? 'it is missing' : `it has ${size} bytes`
      const problem = `${is}, and ${object.bytes} were archived`
      found.push({ path: object.path, problem, tables: [] })
    }
    return found
  }

  /**
   * The bytes of a segment as the server wrote them.
   * @throws EcomdbError OBJECT_DAMAGED, WRONG_IDENTITY
   */
  async readBytes(segment: BinlogSegment, identities: readonly Secret[]): Promise<Buffer> {
    const { object } = segment
    if (!object) return Buffer.alloc(0)
    const packed = await ofSegment(segment, this.repository.readPiece(object, identities))
    const bytes = await decompress(packed).catch((error: unknown) => {
      throw damaged(segment, messageOf(error))
    })
    const expected = segment.to - segment.from
    if (bytes.length === expected) return bytes
    throw damaged(segment, `it has ${bytes.length} bytes, and ${expected} were archived`)
  }

  /**
   * Are the stored bytes of a segment there, as signed?
   * @throws EcomdbError OBJECT_DAMAGED
   */
  async checkStored(segment: BinlogSegment): Promise<void> {
    const { object } = segment
    if (object) await ofSegment(segment, this.repository.readStored(object))
  }

  /**
   * The envelope of a segment, by its name in the repository.
   * @throws EcomdbError SIGNATURE_INVALID, REPOSITORY_VERSION, UNSUPPORTED
   */
  async read(
    name: string,
    trustedSigners: readonly string[],
  ): Promise<HashedSegment & { bytes: Buffer }> {
    const found = await readStatement(this.#target, name, 'binlog-segment', trustedSigners)
    if (!found) throw misplaced(name, 'it is gone')
    const { file, value } = found
    checkFormat(value, name)
    if (!isBinlogSegment(value)) throw misplaced(name, 'its members are of another format')
    checkOwn(name, this.repository.id, value.repositoryId)
    if (segmentFile(value.sourceId, value.stretchId, value.sequence) !== name) {
      throw misplaced(
        name,
        `it is segment ${value.sequence} of stretch ${value.stretchId} of ${value.sourceId}`,
      )
    }
    checkCapabilities(value, name, new Set(BINLOG_CAPABILITIES))
    return { segment: value, sha256: sha256Hex(file), bytes: file }
  }

  async #store(
    { sourceId, stretchId, sequence }: SegmentFacts,
    bytes: readonly Uint8Array[],
    recipients: readonly string[],
  ): Promise<StoredObject> {
    const frames = await Promise.all(bytes.map(compressed))
    const body = await encryptAge(recipients, frames)
    const path = newSegmentObject(sourceId, stretchId, sequence)
    await this.#target.put(path, body)
    const size = body.reduce((sum, part) => sum + part.byteLength, 0)
    return { path, bytes: size, sha256: sha256Hex(...body) }
  }
}

const compressed = (bytes: Uint8Array): Promise<Buffer> =>
  compress(bytes, {
    params: { [constants.ZSTD_c_compressionLevel]: LEVEL, [constants.ZSTD_c_checksumFlag]: 1 },
  })

/** What is true of a table's object is not of a segment: no later backup stores it anew. */
async function ofSegment<T>(segment: BinlogSegment, read: Promise<T>): Promise<T> {
  return await read.catch((error: unknown) => {
    if (!(error instanceof EcomdbError)) throw error
    if (error.code === 'OBJECT_DAMAGED') throw damaged(segment, error.why ?? error.what)
    throw error.code === 'WRONG_IDENTITY' ? forOtherKeys(segment, error) : error
  })
}

/** The tools read a file of the log from its beginning, which may be older than a rotation of keys. */
function forOtherKeys({ file, recipients }: BinlogSegment, error: EcomdbError): EcomdbError {
  return new EcomdbError('WRONG_IDENTITY', {
    what: error.what,
    why: `${error.why ?? 'no identity opens it'}; this part of ${file} was made for ${recipients.join(' and ')}`,
    hints: [
      ...error.hints,
      'a moment in a file of the log needs the keys that were in use when the file was begun: docs/keys.md',
    ],
    cause: error,
  })
}

function damaged({ file, from, to, object }: BinlogSegment, why: string): EcomdbError {
  return new EcomdbError('OBJECT_DAMAGED', {
    what: `the segment ${object?.path ?? ''} (${file}, ${from} to ${to}) is damaged`,
    why,
    hints: [
      'bring that file back from a copy of the repository, or restore from the copy: --from COPY',
      'a moment before it can be restored, or one behind a later snapshot: `ecomdb backup window`',
    ],
  })
}
