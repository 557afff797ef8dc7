import { writeSync } from 'node:fs'

let documentIsOut = false

/** The run has said with --json how it ended: nothing more may follow. */
export function hasPrintedDocument(): boolean {
  return documentIsOut
}

/** A result as the one document of --json; 64-bit integers become strings. */
export function printJson(document: unknown): void {
  documentIsOut = true
  process.stdout.write(`${JSON.stringify(document, jsonValue, 2)}\n`)
}

function jsonValue(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}

/** Why something of standard output is lost. */
let lost: Error | null = null

/**
 * A reader that has seen enough (`ecomdb … | head -1`) closes the pipe. That is no
 * failure, and must not end work that is under way. Nor must a full disk, where what is printed goes into a file:
 * that is told at the end.
 */
export function tolerateClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
    })
  }
  writeWhole(process.stdout, error => {
    lost ??= error
  })
  writeWhole(process.stderr, () => {})
}

/** Null when all of standard output has been written, or nobody wanted the rest. To be asked when it has drained. */
export function lostOutput(): Error | null {
  return lost
}

/**
 * Into a file Node throws what fails at whoever prints, in the middle of the work; and where the file has room for
 * a part of a text, it takes that for all (24, measured).
 */
function writeWhole(
  stream: NodeJS.WriteStream & { fd: number },
  onLost: (error: Error) => void,
): void {
  if (stream.constructor.name !== 'SyncWriteStream') return
  stream._write = (chunk: Buffer, _encoding, done) => {
    try {
      for (let at = 0; at < chunk.length; ) at += writeSync(stream.fd, chunk, at)
    } catch (error) {
      onLost(error as Error)
    }
    done()
  }
}

/** Resolves when everything written so far has left the process, or its reader is gone. */
export async function drainOutput(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    if (stream.destroyed) continue
    await new Promise<void>(resolve => stream.write('', () => resolve()))
  }
}

/** Runs `work` and gives back what it wrote to stdout, instead of letting it out. */
export async function captureStdout(work: () => Promise<unknown>): Promise<string> {
  const parts: string[] = []
  const { write } = process.stdout
  process.stdout.write = (part: string | Uint8Array): boolean => {
    parts.push(typeof part === 'string' ? part : Buffer.from(part).toString('utf8'))
    return true
  }
  try {
    await work()
  } finally {
    process.stdout.write = write
  }
  return parts.join('')
}

/** What a command threw, with the warnings that it gave before. */
export class FailedRun extends Error {
  readonly warnings: readonly string[]

  constructor(cause: unknown, warnings: readonly string[]) {
    super('a command failed', { cause })
    this.warnings = warnings
  }
}
