import { spawn } from 'node:child_process'
import { onInterrupt } from '#core/interruption'

/** By file: a question that no answer has come to yet, and since when none came in time. */
const asked = new Map<string, Question>()
const silentSince = new Map<string, number>()

interface Question {
  /** Comes with the end of the program that asks: false where it was ended. */
  answer: Promise<boolean>
  /** Asks no longer; the kernel may hold the program even so. */
  end: () => void
}

/** So long what did not answer is not asked again. */
const LEFT_ALONE_MS = 60_000

/**
 * Does the file system that this file would lie on answer, whether it is there or not? One that is on a server which
 * is gone may hold whoever asks for ever, and then one of Node's few threads, without which Node does not even end: so
 * a program of its own reads the file, and is left behind. No second one waits beside it.
 */
export async function answersInTime(file: string, waitMs: number): Promise<boolean> {
  const since = silentSince.get(file)
  if (since !== undefined && (asked.has(file) || performance.now() - since < LEFT_ALONE_MS)) {
    return false
  }
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>(resolve => {
    timer = setTimeout(() => resolve(false), waitMs)
  })
  const { answer, end } = asked.get(file) ?? ask(file)
  const isInTime = await Promise.race([answer, late])
  clearTimeout(timer)
  if (isInTime) silentSince.delete(file)
  else {
    silentSince.set(file, performance.now())
    end()
  }
  return isInTime
}

function ask(file: string): Question {
  const child = spawn('cat', ['--', file], { stdio: 'ignore' })
  const end = (): void => void child.kill('SIGKILL')
  const forget = onInterrupt(end)
  child.unref()
  const answer = new Promise<boolean>(resolve => {
    // Without such a program nobody can say: then it is read as ever.
    child.once('error', () => resolve(true))
    child.once('exit', (_status, signal) => resolve(signal !== 'SIGKILL'))
  }).finally(() => {
    asked.delete(file)
    forget()
  })
  const question = { answer, end }
  asked.set(file, question)
  return question
}
