import { EcomdbError } from '#core/errors'
import type { SigningKey } from '#crypto/key-files'
import { signStatement } from '#crypto/signed-statement'
import { isLogTrim, type LogTrim } from '#domain/retention/log-trim'
import type { Target } from '#target/target'
import type { Repository } from './contract.ts'
import { idsOfTrimFile, newTrimFile, segmentOfFile, stretchFolder } from './layout.ts'
import { aboutOneFile } from './signed-records.ts'
import { checkFormat, checkOwn, misplaced, readStatement } from './trusted-files.ts'

/** A file of a segment: its envelope, or its bytes. */
export interface SegmentFile {
  name: string
  sequence: number
  bytes: number
}

/** The notices of one stretch, asked for the smallest that reaches as far as what is missing; null: none. */
export interface TrimsOfStretch {
  /**
   * A notice of this place: an expire that was cut off has removed a part of it, and what is left of that
   * part is not read. Or one of the place that this one was copied from, all of which is not here.
   *
   * @param missing the number of the last segment that is missing
   */
  reaching(missing: number): Promise<LogTrim | null>
  /** The same where segments before those are here: only a copy has such a beginning. */
  between(missing: number): Promise<LogTrim | null>
  /** A notice of another place, part of which is here. */
  ofOrigin(missing: number): Promise<LogTrim | null>
}

/** The notices of what retention removes of the archived log: see domain/retention/log-trim.ts. */
export class LogTrims {
  readonly #repository: Repository
  readonly #target: Target

  constructor(repository: Repository, target: Target) {
    this.#repository = repository
    this.#target = target
  }

  /** @param names of the notices of one stretch */
  among(names: readonly string[], trustedSigners: readonly string[]): TrimsOfStretch {
    const find = async (
      missing: number,
      isMeant: (trim: LogTrim, here: string | null) => boolean,
    ): Promise<LogTrim | null> => {
      const found = names.filter(name => (idsOfTrimFile(name)?.through ?? 0) >= missing)
      const here = found.length > 0 ? await this.#repository.copyId() : null
      for (const name of found.toSorted()) {
        const trim = await this.read(name, trustedSigners).catch(aboutOneFile)
        if (!(trim instanceof EcomdbError) && isMeant(trim, here)) return trim
      }
      return null
    }
    return {
      reaching: missing =>
        find(missing, ({ copyId, through }, here) => copyId === here || through === missing),
      between: missing =>
        find(
          missing,
          ({ copyId, through }, here) => through === missing || (here !== null && copyId === here),
        ),
      ofOrigin: missing => find(missing, ({ copyId }, here) => copyId !== here),
    }
  }

  /**
   * A notice, by its name in the repository.
   * @throws EcomdbError SIGNATURE_INVALID, REPOSITORY_VERSION
   */
  async read(
    name: string,
    trustedSigners: readonly string[],
  ): Promise<LogTrim & { bytes: Buffer }> {
    const found = await readStatement(this.#target, name, 'binlog-trim', trustedSigners)
    if (!found) throw misplaced(name, 'it is gone')
    const { file, value } = found
    checkFormat(value, name)
    if (!isLogTrim(value)) throw misplaced(name, 'its members are of another format')
    checkOwn(name, this.#repository.id, value.repositoryId)
    const ids = idsOfTrimFile(name)
    const folder = stretchFolder(value.sourceId, value.stretchId)
    if (ids?.folder !== folder || ids.through !== value.through) {
      throw misplaced(name, `it is about stretch ${value.stretchId} of ${value.sourceId}`)
    }
    return { ...value, bytes: file }
  }

  /** @throws EcomdbError STORAGE_FAILED, TARGET_UNAVAILABLE */
  async put(trim: LogTrim, signingKey: SigningKey): Promise<void> {
    const { sourceId, stretchId, through } = trim
    const file = signStatement('binlog-trim', trim, signingKey)
    await this.#target.put(newTrimFile(sourceId, stretchId, through), [file])
  }

  /** Notices that are believed, and all files of segments, of one stretch. */
  async ofStretch(
    { sourceId, stretchId }: Pick<LogTrim, 'sourceId' | 'stretchId'>,
    trustedSigners: readonly string[],
  ): Promise<{ trims: LogTrim[]; files: SegmentFile[] }> {
    const trims: LogTrim[] = []
    const files: SegmentFile[] = []
    for await (const { name, sizeBytes } of this.#target.list(stretchFolder(sourceId, stretchId))) {
      const sequence = segmentOfFile(name)?.sequence
      if (sequence !== undefined) files.push({ name, sequence, bytes: sizeBytes })
      if (!idsOfTrimFile(name)) continue
      const trim = await this.read(name, trustedSigners).catch(aboutOneFile)
      if (!(trim instanceof EcomdbError)) trims.push(trim)
    }
    return { trims, files }
  }
}
