import { setTimeout as sleep } from 'node:timers/promises'
import { EcomdbError } from '#core/errors'
import { throwIfInterrupted } from '#core/interruption'
import { isHeldByOthers, takeExclusiveLock } from './exclusive-lock.ts'

/**
 * A lock that several may hold together, or one alone: what expire removes must not be in use
 * by a backup or a restore. It is made of places, each an exclusive lock of the kernel's: who
 * shares takes any free place, who wants it alone takes all. So nothing is ever stale.
 */
const PLACES = 16

/** How long a backup waits for an expire to end, in milliseconds. */
const WAIT_MS = 10 * 60_000

/** How often it is asked whether another account has ended. */
const LOOK_MS = 1000

/**
 * What is removed alone must not be in use by root either, who restores while the schedule's own account expires. An
 * account's lock has its number in its name, so that two of them are not in each other's way where nothing is shared:
 * these are asked about, too. (Names are not guarded: an account of this machine that means ill can hold any.) Both sides take their own lock first, and look then.
 */
export interface SharedName {
  name: string
  /** Numbers of the accounts that use it. */
  accounts: readonly number[]
}

/**
 * @returns gives the lock back
 * @throws EcomdbError LOCKED when one alone holds it for longer than ten minutes, or all
 *   places are taken
 */
export async function shareLock({ name, accounts }: SharedName): Promise<() => Promise<void>> {
  const deadline = performance.now() + WAIT_MS
  for (;;) {
    const release = await sharePlace(name, deadline)
    // The last one is taken by who is alone.
    if (!(await isHeldByOthers([placeName(name, PLACES - 1)], accounts))) return release
    await release()
    if (performance.now() > deadline) throw inUse(name, 'an expire of another account is running')
    await sleep(LOOK_MS)
    throwIfInterrupted()
  }
}

/**
 * The last place is one alone's, and is only waited for: it comes free behind all others. Who kept it would look like
 * an expire to other accounts, for hours.
 */
async function sharePlace(name: string, deadline: number): Promise<() => Promise<void>> {
  for (;;) {
    const release = await anyPlace(name)
    if (release) return release
    const waitMs = Math.max(0, deadline - performance.now())
    const ended = await takeExclusiveLock({ name: placeName(name, PLACES - 1), waitMs })
    try {
      const free = await anyPlace(name)
      if (free) return free
    } finally {
      await ended()
    }
    // Nobody is alone, and so many share it.
    if (performance.now() > deadline) throw inUse(name, 'as many runs as can use it at once do')
    await sleep(LOOK_MS)
    throwIfInterrupted()
  }
}

async function anyPlace(name: string): Promise<(() => Promise<void>) | null> {
  for (let place = 0; place < PLACES - 1; place += 1) {
    const release = await tryPlace(name, place)
    if (release) return release
  }
  return null
}

/**
 * @returns gives the lock back
 * @throws EcomdbError LOCKED at once when anybody has it
 */
export async function lockAlone({ name, accounts }: SharedName): Promise<() => Promise<void>> {
  const held: (() => Promise<void>)[] = []
  const releaseAll = async (): Promise<void> => {
    for (const release of held) await release()
  }
  for (let place = 0; place < PLACES; place += 1) {
    const release = await tryPlace(name, place)
    if (!release) {
      await releaseAll()
      throw inUse(name, 'a backup, restore, drill, verify, copy or expire is running')
    }
    held.push(release)
  }
  const places = Array.from({ length: PLACES }, (_, place) => placeName(name, place))
  if (await isHeldByOthers(places, accounts)) {
    await releaseAll()
    throw inUse(name, 'a backup, restore, drill, verify, copy or expire of another account runs')
  }
  return releaseAll
}

function inUse(name: string, why: string): EcomdbError {
  return new EcomdbError('LOCKED', {
    what: `${name} is in use by another run of ecomdb`,
    why,
    hints: ['wait for the other run to end, then run the command again'],
  })
}

function placeName(name: string, place: number): string {
  return `${name}, place ${place}`
}

async function tryPlace(name: string, place: number): Promise<(() => Promise<void>) | null> {
  try {
    return await takeExclusiveLock({ name: placeName(name, place), waitMs: 0 })
  } catch (error) {
    if (error instanceof EcomdbError && error.code === 'LOCKED') return null
    throw error
  }
}
