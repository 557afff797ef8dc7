import { Worker } from 'node:worker_threads'
import { threadProgram } from '#core/paths'

/**
 * Threads that load their code before they are asked for. A thread takes a fifth of a second
 * to begin, most of it for loading the driver; a backup that starts them first has them when
 * it has read its configuration and opened its repository.
 */
const waiting: Worker[] = []

/** Starts threads that are not needed yet; those that never will be do not keep the program. */
export function warmReaderThreads(count: number): void {
  while (waiting.length < count) {
    const worker = startThread()
    worker.unref()
    waiting.push(worker)
  }
}

/** A thread of row-worker.ts: send it `open` first. The caller ends it. */
export function takeReaderThread(): Worker {
  const warm = waiting.pop()
  warm?.ref()
  return warm ?? startThread()
}

function startThread(): Worker {
  return new Worker(threadProgram('src/engine/shared/bulk/row-worker'))
}
