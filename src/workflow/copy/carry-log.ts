import { EcomdbError } from '#core/errors'
import { throwIfInterrupted } from '#core/interruption'
import { isLostOnDisk } from '#core/storage-error'
import type { Refused } from '#domain/backup/repository-report'
import { type CopyReport, KEPT_DAMAGED } from '#domain/copy/copy-report'
import { BinlogArchive } from '#repository/binlog-archive'
import { BINLOG, idsOfSegmentFile, idsOfTrimFile, segmentOfFile } from '#repository/layout'
import { LogTrims } from '#repository/log-trims'
import type { Repository } from '#repository/repository'
import { aboutOneFile } from '#repository/signed-records'
import { ABOUT_ONE_FILE, misplaced, sha256Hex } from '#repository/trusted-files'
import type { Target } from '#target/target'
import { refusal } from '../backup/list-snapshots.ts'
import type { Arrivals } from './arrival.ts'
import { takeOut } from './take-out.ts'

export interface CarriedLog {
  damaged: CopyReport['damagedLog']
  refused: Refused[]
}

/**
 * The archived binary log: each segment that the copy has not, or not in its length; its bytes, compared
 * with its signed envelope, before the envelope. What is not believed is not carried, nor what a
 * killed archiver has left. A segment whose bytes the source has lost is named, and its envelope goes
 * nevertheless: what lies behind it can be used from a later snapshot on.
 *
 * @param isKnown false: nobody has compared what is in the copy, so all of it is read
 */
export async function carryLog(
  source: Target,
  destination: Target,
  arrivals: Arrivals,
  trustedSigners: readonly string[],
  isKnown: boolean,
): Promise<CarriedLog> {
  const archive = await BinlogArchive.open(source)
  const copy = await BinlogArchive.open(destination)
  const there = await sizesIn(destination)
  const here = await sizesIn(source)
  const carried: CarriedLog = { damaged: [], refused: [] }
  await carryTrims(
    new LogTrims(archive.repository, source),
    await copy.repository.copyId(),
    here,
    there,
    arrivals,
    trustedSigners,
    carried,
  )
  const going = new Set<string>()
  for (const name of await missing(
    { archive, copy, source, destination, here, there },
    trustedSigners,
    isKnown,
  )) {
    // What comes later would be of no use without it; the next copy brings what is left.
    if (going.has(folderOf(name))) continue
    throwIfInterrupted()
    try {
      const { segment, bytes, sha256 } = await archive.read(name, trustedSigners)
      const { object } = segment
      const found = there.has(name)
        ? await envelopeIn(copy, name, sha256, trustedSigners)
        : 'missing'
      if (found === 'other') {
        carried.refused.push({ name, code: 'OBJECT_DAMAGED', why: OTHER })
        continue
      }
      const hasBytes = object && there.get(object.path) === object.bytes
      if (object && !(hasBytes && (isKnown || (await arrivals.isWhole(object))))) {
        const stored = await archive.repository.readStored(object).catch(asDamage)
        if (stored instanceof EcomdbError && !(await source.stat(name))) {
          throw misplaced(name, 'it is gone')
        }
        if (stored instanceof EcomdbError) {
          carried.damaged.push({ name: object.path, problem: stored.why ?? stored.what })
        } else {
          if (there.has(object.path)) await takeOut(destination, object.path)
          await arrivals.put(object, stored)
        }
      }
      if (found !== 'same') {
        if (found === 'damaged') await takeOut(destination, name)
        await arrivals.put({ path: name, bytes: bytes.length, sha256 }, bytes)
      }
    } catch (error) {
      if (error instanceof EcomdbError && error.message.includes(KEPT_DAMAGED)) {
        carried.damaged.push({ name, problem: error.message })
        continue
      }
      if (!(error instanceof EcomdbError) || !ABOUT_ONE_FILE.has(error.code)) throw error
      carried.refused.push(refusal(name, error))
      // Retention removes it at this moment, on another host.
      if (!(await source.stat(name))) going.add(folderOf(name))
    }
  }
  return carried
}

/** What `carryLog` would bring now. */
export async function missingLogBytes(
  source: Target,
  destination: Target,
  trustedSigners: readonly string[],
): Promise<number> {
  const [archive, copy] = [await BinlogArchive.open(source), await BinlogArchive.open(destination)]
  const [here, there] = [await sizesIn(source), await sizesIn(destination)]
  const found = { archive, copy, source, destination, here, there }
  const bytesHere = bytesByStem(here)
  return (await missing(found, trustedSigners))
    .flatMap(name => [[name, here.get(name) ?? 0] as const, ...(bytesHere.get(stemOf(name)) ?? [])])
    .filter(([path, bytes]) => there.get(path) !== bytes)
    .reduce((sum, [, bytes]) => sum + bytes, 0)
}

interface BothLogs {
  archive: BinlogArchive
  copy: BinlogArchive
  source: Target
  destination: Target
  here: Sizes
  there: Sizes
}

/** Envelopes of segments to look at that the copy is to have. */
async function missing(
  { archive, copy, source, destination, here, there }: BothLogs,
  trustedSigners: readonly string[],
  isKnown = true,
): Promise<string[]> {
  const isTrimmed = await trimmedIn(
    copy.repository,
    new LogTrims(copy.repository, destination),
    there,
    trustedSigners,
  )
  const isLeft = await leftIn(new LogTrims(archive.repository, source), here, trustedSigners)
  return unsettled(here, isKnown ? there : new Map()).filter(one => !isTrimmed(one) && !isLeft(one))
}

/**
 * What was removed before the segments that are there: before them, so that these can be read. Also the notices
 * of a copy that backups go to, since the first repository is lost; not those of the destination itself.
 */
async function carryTrims(
  trims: LogTrims,
  copyIdThere: string | null,
  here: Sizes,
  there: Sizes,
  arrivals: Arrivals,
  trustedSigners: readonly string[],
  carried: CarriedLog,
): Promise<void> {
  for (const name of here.keys()) {
    if (!idsOfTrimFile(name) || there.has(name)) continue
    try {
      const { bytes, copyId } = await trims.read(name, trustedSigners)
      if (copyId === copyIdThere) continue
      await arrivals.put({ path: name, bytes: bytes.length, sha256: sha256Hex(bytes) }, bytes)
    } catch (error) {
      if (!(error instanceof EcomdbError) || !ABOUT_ONE_FILE.has(error.code)) throw error
      carried.refused.push(refusal(name, error))
    }
  }
}

/** Segments that retention has removed from the copy, by its own notices. */
async function trimmedIn(
  copy: Repository,
  trims: LogTrims,
  there: Sizes,
  trustedSigners: readonly string[],
): Promise<(name: string) => boolean> {
  const copyId = await copy.copyId()
  const through = new Map<string, number>()
  for (const name of there.keys()) {
    const ids = idsOfTrimFile(name)
    if (!ids) continue
    const trim = await trims.read(name, trustedSigners).catch(aboutOneFile)
    if (trim instanceof EcomdbError || trim.copyId !== copyId) continue
    through.set(ids.folder, Math.max(ids.through, through.get(ids.folder) ?? 0))
  }
  const first = firstIn(there)
  return name => {
    const ids = segmentOfFile(name)
    if (ids === null || ids.sequence > (through.get(ids.folder) ?? 0)) return false
    return ids.sequence < (first.get(ids.folder) ?? Number.POSITIVE_INFINITY)
  }
}

/** Segments that an expire of the source which was cut off has left: nobody reads them any more. */
async function leftIn(
  trims: LogTrims,
  here: Sizes,
  trustedSigners: readonly string[],
): Promise<(name: string) => boolean> {
  const through = new Map<string, number>()
  for (const [folder, first] of firstIn(here)) {
    const notices = [...here.keys()].filter(name => idsOfTrimFile(name)?.folder === folder)
    if (first === 1 || notices.length === 0) continue
    const trim = await trims.among(notices, trustedSigners).reaching(first - 1)
    if (trim) through.set(folder, trim.through)
  }
  return name => (segmentOfFile(name)?.sequence ?? 0) <= (through.get(folderOf(name)) ?? -1)
}

/** The number of the first segment of each folder. */
function firstIn(sizes: Sizes): Map<string, number> {
  const first = new Map<string, number>()
  for (const name of sizes.keys()) {
    const sequence = idsOfSegmentFile(name)?.sequence
    if (sequence === undefined) continue
    const folder = folderOf(name)
    first.set(folder, Math.min(sequence, first.get(folder) ?? sequence))
  }
  return first
}

const folderOf = (name: string): string => segmentOfFile(name)?.folder ?? ''

const OTHER =
  'the copy has another of this name, signed too, as when the repository was put back from a copy: from there on the log needs another folder'

type Sizes = ReadonlyMap<string, number>

/**
 * The envelope of this name in the copy. One that is not believed there is damaged, and is brought again.
 * Another that is signed, too, is of another history (a repository that was put back, and was archived
 * into since), and stays: the log before it may be there alone.
 */
async function envelopeIn(
  copy: BinlogArchive,
  name: string,
  sha256: string,
  trustedSigners: readonly string[],
): Promise<'same' | 'damaged' | 'other'> {
  try {
    return (await copy.read(name, trustedSigners)).sha256 === sha256 ? 'same' : 'other'
  } catch (error) {
    if (error instanceof EcomdbError && error.code === 'SIGNATURE_INVALID') return 'damaged'
    throw error
  }
}

/**
 * Envelopes that have to be looked at, in the order of the log. A log has very many: those are passed
 * over that are there in their length, with all bytes that the source has under their number.
 */
function unsettled(here: Sizes, there: Sizes): string[] {
  const bytesHere = bytesByStem(here)
  const isSettled = (name: string): boolean => {
    const own = bytesHere.get(stemOf(name))
    if (there.get(name) !== here.get(name) || !own) return false
    return own.every(([path, bytes]) => there.get(path) === bytes)
  }
  return [...here.keys()].filter(name => idsOfSegmentFile(name) && !isSettled(name))
}

function bytesByStem(sizes: Sizes): Map<string, [string, number][]> {
  const bytes = [...sizes].filter(([name]) => name.endsWith('.age'))
  return Map.groupBy(bytes, ([name]) => stemOf(name))
}

/** Without the random part of bytes, and the ending. */
function stemOf(name: string): string {
  return name.replace(/(\.[0-9a-f]+)?\.(age|json)$/, '')
}

async function sizesIn(target: Target): Promise<Sizes> {
  const sizes = new Map<string, number>()
  for await (const { name, sizeBytes } of target.list(BINLOG)) sizes.set(name, sizeBytes)
  return sizes
}

function asDamage(error: unknown): EcomdbError {
  if (error instanceof EcomdbError && error.code === 'OBJECT_DAMAGED') return error
  if (isLostOnDisk(error)) return error
  throw error
}
