import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { EcomdbError } from '#core/errors'
import type { Progress } from '#core/progress'
import { MIB } from '#core/units'
import {
  judgePromises,
  type PromiseName,
  type TargetContext,
  type Tried,
} from '#domain/target/promises'
import type { TargetCheckReport } from '#domain/target/target-report'
import type { PutReceipt, Target } from '#target/target'

export interface CheckTargetOptions {
  /** With locks of seconds, where it locks: what is tried is removed at the end. */
  target: Target
  context: TargetContext
}

/** Longer than any target's single request. */
const LARGE_BYTES = 17 * MIB
const RACERS = 8
const DAY_MS = 86_400_000
/** A service counts whole seconds, by a clock of its own. */
const MARGIN_MS = 1500

/**
 * `ecomdb target check`: tries what a repository relies on, under names of its own, and says
 * what this place and this credential can promise. Removes what it wrote, where it may.
 *
 * @throws EcomdbError TARGET_UNAVAILABLE, AUTHENTICATION_REFUSED: nothing could be tried
 */
export async function checkTarget(
  { target, context }: CheckTargetOptions,
  progress: Progress,
): Promise<TargetCheckReport> {
  await target.inspect()
  const id = randomBytes(6).toString('hex')
  const trial = new Trial(target, [`check-${id}/`, `objects/check-${id}/`])
  const tried: Tried[] = []
  try {
    for (const [stage, part] of PARTS) {
      progress.stage(stage)
      tried.push(...(await part(trial)))
    }
  } finally {
    progress.stage('removing what was tried')
    await trial.remove()
  }
  tried.push(trial.removal())
  return { target: target.label, promises: judgePromises(tried, context), left: trial.left }
}

const PARTS: readonly (readonly [string, (trial: Trial) => Promise<Tried[]>])[] = [
  ['writing', tryWriting],
  ['reading', tryReading],
  ['overwriting', tryOverwriting],
  ['locks', tryLocks],
]

/** Files of this run, and what came of removing them. */
class Trial {
  readonly target: Target
  readonly #folders: readonly [string, string]
  readonly left: string[] = []
  readonly small = { body: randomBytes(1000), receipt: null as PutReceipt | null }
  readonly large = { body: randomBytes(LARGE_BYTES), receipt: null as PutReceipt | null }
  #refusal: string | null = null

  constructor(target: Target, folders: readonly [string, string]) {
    this.target = target
    this.#folders = folders
  }

  name(file: string): string {
    return `${this.#folders[0]}${file}`
  }

  /** Where the rows of backups are, which a credential may be kept from reading. */
  get objectName(): string {
    return `${this.#folders[1]}rows`
  }

  /** Waits for the locks, which last seconds. A refusal is what some credentials are meant for. */
  async remove(): Promise<void> {
    const { lock } = this.target
    if (lock) await sleep(lock.days * DAY_MS + MARGIN_MS)
    for (const folder of this.#folders) {
      for await (const { name } of this.target.list(folder)) {
        try {
          await this.target.remove(name)
        } catch (error) {
          if (!(error instanceof EcomdbError) || error.code !== 'STORAGE_FAILED') throw error
          this.#refusal = error.why ?? error.what
          this.left.push(name)
        }
      }
    }
  }

  removal(): Tried {
    const kept = this.#refusal === null
    return { promise: 'removes', kept, detail: this.#refusal ?? 'by this credential' }
  }
}

async function tryWriting(trial: Trial): Promise<Tried[]> {
  const { target, small, large } = trial
  const put = async (file: string, one: typeof small, promise: PromiseName): Promise<Tried> =>
    await attempt(promise, async () => {
      one.receipt = await target.put(trial.name(file), [one.body])
      return `${one.body.length} bytes`
    })
  return [
    await put('small', small, 'writes'),
    await put('large', large, 'writes-large'),
    await attempt('lists', async () => {
      const sizes = new Map<string, number>()
      for await (const { name, sizeBytes } of target.list(trial.name('')))
        sizes.set(name, sizeBytes)
      for (const [file, { body }] of [
        ['small', small],
        ['large', large],
      ] as const) {
        const found = sizes.get(trial.name(file))
        if (found !== body.length) throw new NotKept(`${file} is listed with ${found} bytes`)
      }
      return `${sizes.size} files`
    }),
    await attempt('notices-damage', async () => {
      const noticed = await target.noticesDamage(trial.name('damage'))
      if (noticed === null) return null
      if (!noticed) throw new NotKept('a body with a wrong checksum was taken')
      return 'a wrong checksum was refused'
    }),
  ]
}

async function tryReading(trial: Trial): Promise<Tried[]> {
  const { target, small, large } = trial
  return [
    await attempt('reads', async () => {
      for (const [file, { body }] of [
        ['small', small],
        ['large', large],
      ] as const) {
        const whole = await target.get(trial.name(file))
        if (!whole?.equals(body)) throw new NotKept(`${file} came back with other bytes`)
        const range = { start: 100, end: 200 }
        const part = await target.get(trial.name(file), { range })
        if (!part?.equals(body.subarray(100, 200))) throw new NotKept(`a part of ${file} is wrong`)
      }
      return 'all bytes'
    }),
    await attempt('reads-objects', async () => {
      await target.put(trial.objectName, [small.body])
      const read = await target.get(trial.objectName)
      if (!read?.equals(small.body)) throw new NotKept('other bytes came back')
      return 'by this credential'
    }),
  ]
}

async function tryOverwriting(trial: Trial): Promise<Tried[]> {
  const { target, small } = trial
  return [
    await attempt('refuses-overwrite', async () => {
      const again = await target.put(trial.name('small'), [randomBytes(10)]).catch(error => error)
      if (!(again instanceof EcomdbError))
        throw new NotKept('a second file took the name of the first')
      const size = await target.stat(trial.name('small'))
      if (size?.sizeBytes !== small.body.length) throw new NotKept('the first file is another now')
      for await (const laid of target.shadowed(trial.name('small'))) {
        return `found afterwards (${laid.how}): the service does not look at If-None-Match here`
      }
      return 'by the place itself'
    }),
    await attempt('one-wins', async () => {
      const bodies = Array.from({ length: RACERS }, (_, n) => Buffer.alloc(1000, n))
      const outcomes = await Promise.allSettled(
        bodies.map(async body => target.put(trial.name('race'), [body])),
      )
      const won = outcomes.filter(({ status }) => status === 'fulfilled').length
      if (won !== 1) throw new NotKept(`${won} of ${RACERS} were told that they had won`)
      return `1 of ${RACERS}`
    }),
    await attempt('keeps-versions', async () => {
      if ((await target.keepsVersions()) ?? isVersion(small.receipt)) return 'all versions stay'
      throw new NotKept('the last one to write wins')
    }),
    await attempt('lasts', async () => {
      const rules = await target.removingRules()
      if (rules?.length) throw new NotKept(rules.join('; '))
      return rules && 'there is none'
    }),
  ]
}

/** What a bucket without versions, or with suspended ones, keeps has the version "null". */
function isVersion(receipt: PutReceipt | null): boolean {
  return receipt !== null && receipt.versionId !== null && receipt.versionId !== 'null'
}

async function tryLocks(trial: Trial): Promise<Tried[]> {
  const { target, small, large } = trial
  const { lock } = target
  if (!lock) {
    const promises: PromiseName[] = ['locks', 'locks-large', 'lock-holds']
    return promises.map(promise => ({ promise, kept: null, detail: 'no locks are configured' }))
  }
  const locked = async ({ receipt }: typeof small, promise: PromiseName): Promise<Tried> =>
    await attempt(promise, async () => {
      if (!receipt?.lockedUntil) throw new NotKept('it could not be written')
      return receipt.lockForgotten
        ? 'after it was asked again: the place takes the lock with the file, and forgets it'
        : `${lock.mode}, as asked`
    })
  return [
    await locked(small, 'locks'),
    await locked(large, 'locks-large'),
    await attempt('lock-holds', async () => {
      const fresh = trial.name('locked')
      await target.put(fresh, [small.body])
      const refused = await target.remove(fresh).then(
        () => null,
        error => error,
      )
      if (!(refused instanceof EcomdbError)) throw new NotKept('it was removed')
      return refused.why ?? refused.what
    }),
  ]
}

/** @param look gives what it saw, or null when there was nothing to try */
async function attempt(promise: PromiseName, look: () => Promise<string | null>): Promise<Tried> {
  try {
    const detail = await look()
    return detail === null
      ? { promise, kept: null, detail: 'there is nothing to try here' }
      : { promise, kept: true, detail }
  } catch (error) {
    if (error instanceof NotKept) return { promise, kept: false, detail: error.message }
    if (!(error instanceof EcomdbError) || error.code === 'INTERRUPTED') throw error
    return { promise, kept: false, detail: error.why ?? error.what }
  }
}

/** What a place did instead of what it promises. */
class NotKept extends Error {}
