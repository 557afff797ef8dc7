import { loadavg } from 'node:os'
import type { EngineFamily } from '#domain/engine-family'
import type { Measured } from './measure.ts'

/** One side-by-side comparison: ours and the peer in turn, in one run. */
export interface Benchmark {
  name:
    | 'startup'
    | 'load'
    | 'dump'
    | 'dump-limit'
    | 'restore'
    | 'restore-loader'
    | 'physical'
    | 'physical-restore'
    | 'second'
    | 'second-physical'
    | 'growth'
    | 'access-plan'
    | 'offboard'
    | 'login'
    | 'audit-insert'
    | 'audit-insert-unlogged'
    | 'audit-insert-relaxed'
    | 'seal'
    | 'audit-verify'
    | 'erase'
    | 'archive-loss'
  /** The most that ours may take, as a multiple of the peer's. */
  bar: number | Record<EngineFamily, number>
  /** What is compared, where it is not seconds: `Measured.seconds` then holds it. */
  unit?: 'MiB'
  /** False for what does not depend on the engine. */
  perEngine: boolean
  prepare(context: BenchContext): Promise<Contest>
}

export interface BenchContext {
  family: EngineFamily
  /** Rows of the whole generated shop, about. */
  rows: number
  /** Files of this benchmark; deleted after it, unless they are kept. */
  folder: string
  /** Servers stay, filled and running, for the next run in this folder. */
  keep: boolean
  say(message: string): void
}

export interface Contest {
  /** What the peer is, for people: "mariadb-dump | zstd -3 -T0 | age". */
  peerName: string
  ours(): Promise<Measured>
  /** Null when the peer is missing; `peerMissing` then says what. */
  peer: (() => Promise<Measured>) | null
  peerMissing?: string
  /** The peer goes first in every pair: ours builds on what it did. */
  peerFirst?: boolean
  /** Measured besides, and not part of the ratio: e.g. the read-back of a restore. */
  beside?(): Promise<Record<string, number>>
  close(): Promise<void>
}

interface Samples {
  ours: number[]
  peer: number[]
}

/** One line of the result. Times are medians. */
export interface BenchResult {
  name: Benchmark['name']
  engine: EngineFamily | null
  ours: number
  peer: number | null
  /** ours / peer; null without a peer. */
  ratio: number | null
  unit: 's' | 'MiB'
  /** How many pairs were run. */
  runs: number
  bar: number
  /** Null without a peer. */
  withinBar: boolean | null
  peerName: string
  peerMissing?: string
  /** Every run, in order, in seconds. */
  samples: Samples
  /** Processor time, which tells more than time does where a machine is busy: medians in seconds. */
  cpu: { ours: number; peer: number | null; ratio: number | null }
  /** Processes that ran or waited to run, on average, in the minute before the end. */
  loadAverage: number
  /** The largest memory of ecomdb's process tree in any run; null when it was not taken. */
  peakMemoryBytes: number | null
  beside?: Record<string, number>
}

/**
 * Runs `pairs` pairs, with the other side first in every second one, so that neither has
 * always the warmer cache.
 */
export async function runContest(
  benchmark: Benchmark,
  context: BenchContext,
  pairs: number,
): Promise<BenchResult> {
  const contest = await benchmark.prepare(context)
  const samples: Samples = { ours: [], peer: [] }
  const cpu: Samples = { ours: [], peer: [] }
  let peak: number | null = null
  const runOurs = async (): Promise<void> => {
    const { seconds, peakBytes, cpuSeconds } = await contest.ours()
    samples.ours.push(seconds)
    cpu.ours.push(cpuSeconds)
    if (peakBytes !== null) peak = Math.max(peak ?? 0, peakBytes)
  }
  const runPeer = async (): Promise<void> => {
    if (!contest.peer) return
    const { seconds, cpuSeconds } = await contest.peer()
    samples.peer.push(seconds)
    cpu.peer.push(cpuSeconds)
  }
  try {
    for (let pair = 0; pair < pairs; pair += 1) {
      for (const run of pair % 2 || contest.peerFirst ? [runPeer, runOurs] : [runOurs, runPeer])
        await run()
      context.say(
        `${benchmark.name} pair ${pair + 1} of ${pairs}: ${lastOf(samples)}; cpu ${lastOf(cpu)}`,
      )
    }
    const beside = await contest.beside?.()
    return {
      ...summary(benchmark, context, contest, samples),
      cpu: cpuOf(cpu),
      loadAverage: loadavg()[0] ?? 0,
      peakMemoryBytes: peak,
      ...(beside ? { beside } : {}),
    }
  } finally {
    await contest.close()
  }
}

function cpuOf({ ours, peer }: Samples): BenchResult['cpu'] {
  const [mine, others] = [median(ours), peer.length ? median(peer) : null]
  return { ours: mine, peer: others, ratio: others ? mine / others : null }
}

function lastOf({ ours, peer }: Samples): string {
  const seconds = (value: number | undefined): string => (value ? `${value.toFixed(3)} s` : 'none')
  return `ours ${seconds(ours.at(-1))}, peer ${seconds(peer.at(-1))}`
}

function summary(
  { name, bar: bars, unit, perEngine }: Benchmark,
  { family }: BenchContext,
  { peerName, peerMissing }: Contest,
  samples: Samples,
): Omit<BenchResult, 'cpu' | 'loadAverage' | 'peakMemoryBytes' | 'beside'> {
  const ours = median(samples.ours)
  const peer = samples.peer.length ? median(samples.peer) : null
  const ratio = peer === null ? null : ours / peer
  const bar = typeof bars === 'number' ? bars : bars[family]
  return {
    name,
    engine: perEngine ? family : null,
    ours,
    peer,
    ratio,
    unit: unit ?? 's',
    runs: samples.ours.length,
    bar,
    withinBar: ratio === null ? null : ratio <= bar,
    peerName,
    ...(peerMissing ? { peerMissing } : {}),
    samples,
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const [low, high] = [sorted[sorted.length % 2 ? middle : middle - 1], sorted[middle]]
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2
}
