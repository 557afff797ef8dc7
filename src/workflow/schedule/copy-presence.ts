import type { Clock } from '#core/clock'
import { EcomdbError } from '#core/errors'
import { readCopyMarker } from '#repository/copy-marker'
import type { Target } from '#target/target'

/** silent: a disk or share that does not answer; nobody knows what is there. */
export type Presence = 'here' | 'away' | 'silent'

/** Longer than what asks a share outside of this process waits. */
const WAIT_MS = 25_000
/** Each look at a bucket is a connection and a request: so often is enough. */
const BUCKET_MS = 60_000

/**
 * Which copies are here: asked by each lane every few seconds, and by whoever tells of trouble. None of them waits for
 * what never answers, and none asks while a question is on its way.
 */
export class CopyPresence {
  readonly #openCopy: (name: string) => Promise<Target>
  readonly #isBucket: (name: string) => boolean
  readonly #clock: Clock
  readonly #asked = new Map<string, { sinceMs: number; answer: Promise<Presence> }>()
  readonly #buckets = new Map<string, { atMs: number; presence: Presence }>()

  constructor(
    openCopy: (name: string) => Promise<Target>,
    isBucket: (name: string) => boolean,
    clock: Clock,
  ) {
    this.#openCopy = openCopy
    this.#isBucket = isBucket
    this.#clock = clock
  }

  async of(name: string): Promise<Presence> {
    const known = this.#buckets.get(name)
    const now = this.#clock.monotonicMs()
    if (known && now - known.atMs < BUCKET_MS) return known.presence
    const asked = this.#asked.get(name) ?? this.#ask(name, now)
    const presence = await within(asked.answer, asked.sinceMs + WAIT_MS - now)
    if (!this.#isBucket(name)) return presence ?? 'silent'
    // A network that is down is no disk that hangs: `ecomdb status` says what a bucket lacks.
    this.#buckets.set(name, { atMs: this.#clock.monotonicMs(), presence: presence ?? 'away' })
    return presence ?? 'away'
  }

  #ask(name: string, sinceMs: number): { sinceMs: number; answer: Promise<Presence> } {
    const answer = look(() => this.#openCopy(name)).finally(() => this.#asked.delete(name))
    // Whoever has gone on without it hears of nothing.
    answer.catch(() => {})
    const asked = { sinceMs, answer }
    this.#asked.set(name, asked)
    return asked
  }
}

async function look(open: () => Promise<Target>): Promise<Presence> {
  try {
    return (await readCopyMarker(await open())) === null ? 'away' : 'here'
  } catch (error) {
    if (error instanceof EcomdbError) return error.code === 'TARGET_SILENT' ? 'silent' : 'away'
    throw error
  }
}

async function within<Result>(answer: Promise<Result>, waitMs: number): Promise<Result | null> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<null>(resolve => {
    timer = setTimeout(() => resolve(null), Math.max(0, waitMs))
  })
  return await Promise.race([answer, late]).finally(() => clearTimeout(timer))
}
