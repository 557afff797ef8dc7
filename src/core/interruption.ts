import { AsyncLocalStorage } from 'node:async_hooks'
import { EcomdbError, messageOf } from './errors.ts'

/**
 * Ctrl-C, SIGTERM and SIGHUP. Work that would leave something behind (a scratch server, a
 * lock, a partial file) registers how to take it away; the launcher runs that, says so,
 * and exits 130. Module state, since a signal is sent to the process and not to a call.
 */
type CleanUp = () => void | Promise<void>

const cleanUps = new Set<CleanUp>()
const notices = new Set<string>()
const lastWords = new AsyncLocalStorage<true>()
let interrupted = false

/**
 * Registers what must be undone if a signal ends the program from here on. The function
 * given back takes the registration away: call it when the work is done, in `finally`.
 */
export function onInterrupt(cleanUp: CleanUp): () => void {
  cleanUps.add(cleanUp)
  return () => {
    cleanUps.delete(cleanUp)
  }
}

/**
 * What to do next if a signal ends the program from here on, for work that stays half done
 * on purpose: it goes on, or begins again, in a later run. The function given back takes it
 * back.
 */
export function adviseOnInterrupt(notice: string): () => void {
  notices.add(notice)
  return () => {
    notices.delete(notice)
  }
}

/** What the work that a signal has ended asks the user to do next. */
export function adviceAfterInterrupt(): readonly string[] {
  return [...notices]
}

/** @throws EcomdbError INTERRUPTED once a signal has come */
export function throwIfInterrupted(): void {
  if (interrupted && !lastWords.getStore())
    throw new EcomdbError('INTERRUPTED', { what: 'interrupted' })
}

/** Does what is to be done at the end also where a signal has come: short, and within the time to clean up. */
export function evenIfInterrupted<Result>(work: () => Promise<Result>): Promise<Result> {
  return lastWords.run(true, work)
}

/** A signal has come, and this is done all the same: once, and not tried again for minutes. */
export function isLastWord(): boolean {
  return interrupted && lastWords.getStore() === true
}

/**
 * Runs every registered clean-up once, the latest first; one that fails does not stop the
 * others.
 *
 * @returns what could not be cleaned up, as messages
 */
export async function cleanUpAfterInterrupt(): Promise<{ done: number; failed: string[] }> {
  interrupted = true
  const failed: string[] = []
  let done = 0
  for (const cleanUp of [...cleanUps].reverse()) {
    cleanUps.delete(cleanUp)
    try {
      await cleanUp()
      done += 1
    } catch (error) {
      failed.push(messageOf(error))
    }
  }
  return { done, failed }
}

let handedOver = 0

/**
 * While an interactive program has the terminal, Ctrl-C is the program's: a database client
 * cancels its statement and goes on.
 *
 * @returns takes the signals back
 */
export function leaveSignalsToProgram(): () => void {
  handedOver += 1
  return () => {
    handedOver -= 1
  }
}

export function signalsAreLeftToProgram(): boolean {
  return handedOver > 0
}
