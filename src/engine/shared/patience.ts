import { readFileSync } from 'node:fs'
import { MIB } from '#core/units'

const LOOK_MS = 1000
/** A server that is idle takes less than a hundredth of a processor; one that reads from a slow disk little more. */
const BUSY_CPU = 0.05
const BUSY_BYTES = 4 * MIB
/** One that goes round in circles is busy, too. */
const LONGEST_MS = 12 * 3_600_000
/** Of /proc/PID/stat, in Linux on all platforms that Node runs on: sysconf(_SC_CLK_TCK). */
const TICK_MS = 10

/** What a process has done since it began; null: it is gone, or cannot be looked at. */
interface Work {
  cpuMs: number
  bytes: number
}

/**
 * How long a server is waited for: as long as it works. Recovery reads the whole redo log and an end in good order writes all
 * that is in memory, each of which takes minutes where there is much of it or the disk is slow; a fixed time took that for a server that does not
 * start, and so for a fault of the files.
 */
export class Patience {
  readonly #pid: number
  readonly #quietMs: number
  readonly #beganMs = performance.now()
  #lookedMs = this.#beganMs
  #markMs = this.#beganMs
  #mark: Work | null

  /** @param quietMs without work, after which it is over */
  constructor(pid: number, quietMs: number) {
    this.#pid = pid
    this.#quietMs = quietMs
    this.#mark = workOf(pid)
  }

  isOver(): boolean {
    const now = performance.now()
    if (now - this.#lookedMs >= LOOK_MS) this.#look(now)
    return now - this.#markMs > this.#quietMs || now - this.#beganMs > LONGEST_MS
  }

  #look(now: number): void {
    this.#lookedMs = now
    const work = workOf(this.#pid)
    if (!work || !this.#mark) return
    const cpu = (work.cpuMs - this.#mark.cpuMs) / this.#quietMs
    if (cpu < BUSY_CPU && work.bytes - this.#mark.bytes < BUSY_BYTES) return
    this.#mark = work
    this.#markMs = now
  }
}

function workOf(pid: number): Work | null {
  try {
    // The second field is a name, which may hold anything; utime and stime are the 14th and 15th (proc(5)).
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS, bytes: bytesOf(pid) }
  } catch {
    return null
  }
}

/**
 * Read and written, by system calls and at the disk: what InnoDB reads and writes asynchronously, pages above all, no call
 * counts (MariaDB 10.11, O_DIRECT: of 67 MiB that were flushed, calls had 11), and what is cached no disk.
 */
function bytesOf(pid: number): number {
  try {
    const io = readFileSync(`/proc/${pid}/io`, 'latin1')
    return [...io.matchAll(/^(?:[rw]char|(?:read|write)_bytes): (\d+)$/gm)].reduce(
      (sum, [, n]) => sum + Number(n),
      0,
    )
  } catch {
    return 0
  }
}
