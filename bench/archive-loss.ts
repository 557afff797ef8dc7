import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { MIB } from '#core/units'
import { momentOfEnd } from '#domain/binlog/moment-of-end'
import type { BinlogSegment } from '#domain/binlog/segment'
import { endOf, type LogPlace } from '#domain/binlog/stretch'
import { BinlogArchive } from '#repository/binlog-archive'
import { openDirectoryTarget } from '#target/dir/directory-target'
import { LEDGER, LoggedShop, Writers } from '#test/logged-shop'
import { type Benchmark, median } from './benchmark.ts'
import type { Measured } from './measure.ts'

const WRITERS = 8
const SEGMENT_SECONDS = 5
/** A run that begins reads and stores what the one before it had held, and may be killed before it has. */
const BEGINNING_SECONDS = 3
const KILLS_PER_PAIR = 4

/** What the archive lacked of the server's log, once. */
interface Loss {
  seconds: number
  transactions: number
  bytes: number
}

/**
 * What is lost when the archiver of the binary log is killed: SIGKILL at random moments while eight
 * sessions write, and then the archive compared with the server. Each kill begins where the one before it
 * left off. The other side is the promise: what one open segment holds. Beside it: medians, and the most
 * transactions and bytes. At the end the archive must be the server's files, byte for byte.
 */
export const archiveLoss: Benchmark = {
  name: 'archive-loss',
  bar: 1,
  perEngine: true,
  async prepare({ family, folder, say }) {
    const shop = await LoggedShop.make(family, join(folder, 'logged'), [
      '--max-binlog-size=16777216',
    ])
    await shop.run(...LEDGER)
    // What comes before the first segment is a server that was never archived, and no loss.
    await catchUp(shop)
    const writers = new Writers(shop, WRITERS)
    const losses: Loss[] = []
    return {
      peerName: `the promise: ${SEGMENT_SECONDS} s, and ${BEGINNING_SECONDS} to begin and store them`,
      ours: async () => {
        const some: Loss[] = []
        for (let kill = 0; kill < KILLS_PER_PAIR; kill += 1) {
          const loss = await lossOfKill(shop)
          const { seconds, transactions, bytes } = loss
          say(`lacked ${seconds.toFixed(2)} s, ${transactions} transactions, ${bytes} bytes`)
          some.push(loss)
        }
        losses.push(...some)
        return measured(Math.max(...some.map(({ seconds }) => seconds)))
      },
      peer: async () => measured(SEGMENT_SECONDS + BEGINNING_SECONDS),
      beside: async () => {
        await writers.stop()
        await requireWhole(shop)
        return summary(losses)
      },
      close: async () => {
        await writers.stop()
        await shop.stop()
      },
    }
  },
}

async function lossOfKill(shop: LoggedShop): Promise<Loss> {
  const follower = shop.follow({}, '--segment-seconds', String(SEGMENT_SECONDS))
  await sleep(Math.random() * 2 * SEGMENT_SECONDS * 1000)
  follower.kill('SIGKILL')
  await follower.ended
  const session = await shop.engine.connect(shop.source.administrator)
  try {
    const server = await shop.engine.binaryLog.observe(session)
    const segments = await archived(shop)
    const head = segments.at(-1)
    const until = momentOfEnd(segments)
    if (!head || until === null) throw new Error('nothing was archived')
    return {
      seconds: Math.max(0, server.timeUs / 1e6 - Date.parse(until) / 1000),
      transactions: await transactionsSince(shop, head.gtidsAfter),
      bytes: bytesBetween(endOf(head), server.end, server.files),
    }
  } finally {
    await session.close()
  }
}

async function archived(shop: LoggedShop): Promise<readonly BinlogSegment[]> {
  const archive = await BinlogArchive.open(openDirectoryTarget(shop.place.path))
  const { stretches, refused } = await archive.stretches((await shop.place.access()).trustedSigners)
  const [only, ...more] = stretches
  if (!only || more.length > 0 || refused.length > 0) throw new Error('the archive has a gap')
  return only.segments
}

async function transactionsSince(shop: LoggedShop, gtids: string): Promise<number> {
  const last = (set: string | null): number => Number(/(\d+)\s*$/.exec(set ?? '')?.[1])
  const all = shop.family === 'mysql' ? '@@global.gtid_executed' : '@@global.gtid_binlog_pos'
  return last(await shop.value(`SELECT ${all}`)) - last(gtids)
}

function bytesBetween(
  from: LogPlace,
  to: LogPlace,
  files: readonly { name: string; bytes: number }[],
): number {
  const [first, last] = [from, to].map(place => files.findIndex(({ name }) => name === place.file))
  const whole = files.slice(first, last).reduce((sum, { bytes }) => sum + bytes, 0)
  return whole + to.offset - from.offset
}

async function catchUp(shop: LoggedShop): Promise<void> {
  const { status, stderr } = await shop.ecomdb(['backup', 'binlog', '--once', '--quiet'])
  if (status !== 0) throw new Error(stderr)
}

/** No gap and nothing twice: the archive's bytes are those of the server's files. */
async function requireWhole(shop: LoggedShop): Promise<void> {
  for (let looks = 0; ; looks += 1) {
    await catchUp(shop)
    const [ours, theirs] = [await archivedFiles(shop), await serverFiles(shop)]
    if (isDeepStrictEqual(ours, theirs)) return
    // MariaDB writes by itself, a moment after a rotation, which older files it no longer needs.
    if (looks === 20) throw new Error('the archive is not what the server has')
    await sleep(500)
  }
}

async function archivedFiles(shop: LoggedShop): Promise<Record<string, string>> {
  const archive = await BinlogArchive.open(openDirectoryTarget(shop.place.path))
  const { identities } = await shop.place.access()
  const hashes = new Map<string, ReturnType<typeof createHash>>()
  for (const segment of await archived(shop)) {
    const hash = hashes.get(segment.file) ?? createHash('sha256')
    hashes.set(segment.file, hash.update(await archive.readBytes(segment, identities)))
  }
  return Object.fromEntries([...hashes].map(([file, hash]) => [file, hash.digest('hex')]))
}

/** A file that is open has a flag, in its format event, that an archived one has not. */
async function serverFiles(shop: LoggedShop): Promise<Record<string, string>> {
  const data = join(shop.source.folder, 'data')
  const names = (await readdir(data)).filter(name => /^binlog\.\d+$/.test(name)).sort()
  const files: Record<string, string> = {}
  for (const name of names) {
    const bytes = await readFile(join(data, name))
    bytes.writeUInt8(bytes.readUInt8(21) & 0xfe, 21)
    files[name] = createHash('sha256').update(bytes).digest('hex')
  }
  return files
}

function summary(losses: readonly Loss[]): Record<string, number> {
  const of = (what: keyof Loss): number[] => losses.map(loss => loss[what])
  return {
    'the most': Math.max(...of('seconds')),
    'the median': median(of('seconds')),
    'most transactions': Math.max(...of('transactions')),
    'median transactions': median(of('transactions')),
    'most MiB': Math.max(...of('bytes')) / MIB,
    'median MiB': median(of('bytes')) / MIB,
  }
}

const measured = (seconds: number): Measured => ({
  seconds,
  peakBytes: null,
  cpuSeconds: 0,
  stdout: '',
})
