import { cp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { SnapshotEnvelope } from '#domain/backup/envelope'
import type { BinlogSegment } from '#domain/binlog/segment'

/** A segment of the log, by the path of its envelope in the repository. */
export interface StoredSegment {
  file: string
  segment: BinlogSegment
}

/** A copy of a repository with two physical snapshots, and the logs of two servers behind them. */
export interface FilesVictim {
  path: string
  first: SnapshotEnvelope
  second: SnapshotEnvelope
  /** Oldest first, all of one stretch; the last is needed for the moment that is asked for. */
  segments: readonly StoredSegment[]
  /** Of another server of the same people: their signer and identities are right. */
  others: readonly StoredSegment[]
}

export interface FileAttack {
  name: string
  /** Somebody who may write to the target, and has public keys only. */
  change(victim: FilesVictim): Promise<void>
  /** What is restored as files: the newest snapshot, or the log's last moment. */
  asks: 'latest' | 'moment'
  /** The restore's code, and the data directory stays empty; null where it is not misled. */
  refusedWith: readonly string[] | null
  /** By verify this is not seen: what was newest is gone, and the rest is whole. */
  verifyPasses?: true
}

const SIGNATURE = ['SIGNATURE_INVALID']
const DAMAGED = ['OBJECT_DAMAGED']
/** The window ends before it, or the segment itself is refused. */
const NO_WAY_THERE = ['OUTSIDE_WINDOW', 'SIGNATURE_INVALID', 'OBJECT_DAMAGED']

const PACK_ATTACKS: readonly FileAttack[] = [
  {
    name: "a pack of files: an older snapshot's in the place of a new one",
    asks: 'latest',
    refusedWith: DAMAGED,
    async change({ path, first, second }) {
      await cp(join(path, packOf(first)), join(path, newPack(first, second)))
    },
  },
  {
    name: 'a pack of files with one other bit',
    asks: 'latest',
    refusedWith: DAMAGED,
    change: ({ path, first, second }) => flip(join(path, newPack(first, second))),
  },
  {
    name: 'a pack of files that is cut off',
    asks: 'latest',
    refusedWith: DAMAGED,
    change: ({ path, first, second }) => truncate(join(path, newPack(first, second)), 5000),
  },
  {
    name: 'a pack of files that is gone',
    asks: 'latest',
    refusedWith: DAMAGED,
    change: ({ path, first, second }) => rm(join(path, newPack(first, second))),
  },
  {
    name: 'a pack of an older snapshot, which the new one uses, that is gone',
    asks: 'latest',
    refusedWith: DAMAGED,
    change: ({ path, first, second }) => rm(join(path, sharedPack(first, second))),
  },
  {
    name: 'a manifest of files: the older in the place of the new',
    asks: 'latest',
    refusedWith: DAMAGED,
    change: ({ path, first, second }) =>
      cp(join(path, first.manifest.path), join(path, second.manifest.path)),
  },
  {
    name: 'an envelope of files: the older in the place of the new',
    asks: 'latest',
    refusedWith: ['SIGNATURE_INVALID', 'OBJECT_DAMAGED', 'SNAPSHOT_NOT_FOUND'],
    change: ({ path, first, second }) =>
      cp(join(path, envelope(first)), join(path, envelope(second))),
  },
  {
    name: 'an envelope of files that says it is of rows',
    asks: 'latest',
    refusedWith: SIGNATURE,
    change: ({ path, second }) =>
      edit(join(path, envelope(second)), payload => ({ ...payload, method: 'logical' })),
  },
]

const INDEX_ATTACKS: readonly FileAttack[] = [
  {
    // A restore does not read it, and the next backup stores its blocks again.
    name: 'the block index of the older snapshot in the place of the new',
    asks: 'latest',
    refusedWith: null,
    change: ({ path, first, second }) =>
      cp(join(path, indexOf(first)), join(path, indexOf(second))),
  },
  {
    name: 'a block index with one other bit',
    asks: 'latest',
    refusedWith: null,
    change: ({ path, second }) => flip(join(path, indexOf(second))),
  },
]

const LOG_ATTACKS: readonly FileAttack[] = [
  {
    name: 'a segment of the log: an older one in its place',
    asks: 'moment',
    refusedWith: NO_WAY_THERE,
    change: ({ path, segments }) => replace(path, segments.at(-1), segments.at(-2)),
  },
  {
    name: 'the bytes of a segment: those of an older one in their place',
    asks: 'moment',
    refusedWith: NO_WAY_THERE,
    change: ({ path, segments }) =>
      cp(join(path, bytesOf(segments.at(-2))), join(path, bytesOf(segments.at(-1)))),
  },
  {
    name: "a segment of the log: another server's in its place",
    asks: 'moment',
    refusedWith: NO_WAY_THERE,
    async change({ path, segments, others }) {
      const last = segments.at(-1)
      const like = others.find(({ segment }) => segment.sequence === last?.segment.sequence)
      await replace(path, last, like ?? others.at(-1))
    },
  },
  {
    name: "the whole log: another server's under this one's name",
    asks: 'moment',
    refusedWith: NO_WAY_THERE,
    async change({ path, segments, others }) {
      const [mine, theirs] = [segments, others].map(([one]) => folderOf(one?.file ?? ''))
      await rm(join(path, mine ?? ''), { recursive: true })
      await cp(join(path, theirs ?? ''), join(path, mine ?? ''), { recursive: true })
    },
  },
  {
    name: 'a log without one of its segments',
    asks: 'moment',
    refusedWith: NO_WAY_THERE,
    change: ({ path, segments }) => rm(join(path, segments.at(-2)?.file ?? '')),
  },
  {
    name: 'a log without its newest segment',
    asks: 'moment',
    refusedWith: ['OUTSIDE_WINDOW'],
    verifyPasses: true,
    change: ({ path, segments }) => rm(join(path, segments.at(-1)?.file ?? '')),
  },
  {
    name: 'a segment whose bytes are gone',
    asks: 'moment',
    refusedWith: NO_WAY_THERE,
    change: ({ path, segments }) => rm(join(path, bytesOf(segments.at(-1)))),
  },
  {
    name: 'a segment with one other bit',
    asks: 'moment',
    refusedWith: NO_WAY_THERE,
    change: ({ path, segments }) => flip(join(path, bytesOf(segments.at(-1)))),
  },
  {
    name: 'a segment whose envelope says that it is the end, and another chain',
    asks: 'moment',
    refusedWith: NO_WAY_THERE,
    change: ({ path, segments }) =>
      edit(join(path, segments.at(-1)?.file ?? ''), payload => ({
        ...payload,
        previousSha256: null,
        begins: { reason: 'first', after: null },
      })),
  },
]

export const FILE_ATTACKS: readonly FileAttack[] = [
  ...PACK_ATTACKS,
  ...INDEX_ATTACKS,
  ...LOG_ATTACKS,
]

const envelope = ({ snapshotId }: SnapshotEnvelope): string =>
  `snapshots/${snapshotId}/snapshot.json`
const folderOf = (file: string): string => file.split('/').slice(0, 3).join('/')

const packsOf = ({ objects }: SnapshotEnvelope): string[] =>
  objects.map(({ path }) => path).filter(path => path.startsWith('objects/'))

function packOf(snapshot: SnapshotEnvelope): string {
  return found(packsOf(snapshot)[0], 'pack')
}

/** One that the older snapshot does not have. */
function newPack(first: SnapshotEnvelope, second: SnapshotEnvelope): string {
  return found(
    packsOf(second).find(path => !packsOf(first).includes(path)),
    'new pack',
  )
}

function sharedPack(first: SnapshotEnvelope, second: SnapshotEnvelope): string {
  return found(
    packsOf(second).find(path => packsOf(first).includes(path)),
    'shared pack',
  )
}

const indexOf = ({ index }: SnapshotEnvelope): string => found(index, 'block index')
const bytesOf = (one: StoredSegment | undefined): string =>
  found(one?.segment.object?.path, 'bytes of the segment')

/** An attack that changes nothing would pass for one that was held off. */
function found(path: string | undefined, what: string): string {
  if (!path) throw new Error(`there is no ${what} to attack`)
  return path
}

/** Envelope and bytes of one segment are where those of another were. */
async function replace(
  path: string,
  one: StoredSegment | undefined,
  other: StoredSegment | undefined,
): Promise<void> {
  await cp(join(path, found(other?.file, 'other segment')), join(path, found(one?.file, 'segment')))
  await cp(join(path, bytesOf(other)), join(path, bytesOf(one)))
}

async function flip(file: string): Promise<void> {
  const bytes = await readFile(file)
  bytes[bytes.length - 20] = (bytes[bytes.length - 20] ?? 0) ^ 1
  await writeFile(file, bytes)
}

/** The signature stays, and is no longer of this. */
async function edit(file: string, change: (payload: object) => object): Promise<void> {
  const statement = JSON.parse(await readFile(file, 'utf8'))
  const payload = change(JSON.parse(Buffer.from(statement.payload, 'base64').toString()))
  statement.payload = Buffer.from(JSON.stringify(payload)).toString('base64')
  await writeFile(file, `${JSON.stringify(statement)}\n`)
}
