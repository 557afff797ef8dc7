import type { Readable, Writable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { LONGEST_LINE } from '#domain/credential/broker-message'

/** One JSON document a line, both ways. */
export interface LineChannel {
  /** The next line; null at the end, or when a line is too long. */
  next(): Promise<string | null>
  send(document: object): void
  /** When the other side has gone. */
  readonly closed: Promise<void>
}

export function lineChannel(input: Readable, output: Writable): LineChannel {
  const lines: string[] = []
  let waiting: ((line: string | null) => void) | null = null
  let isClosed = false
  let rest = ''
  const decoder = new StringDecoder('utf8')
  const give = (line: string | null): void => {
    if (waiting) {
      const take = waiting
      waiting = null
      take(line)
    } else if (line !== null) lines.push(line)
  }
  const closed = new Promise<void>(resolve => {
    const end = (): void => {
      isClosed = true
      give(null)
      resolve()
    }
    input.once('end', end).once('close', end).once('error', end)
  })
  input.on('data', (chunk: Buffer) => {
    const parts = (rest + decoder.write(chunk)).split('\n')
    rest = parts.pop() ?? ''
    if (rest.length > LONGEST_LINE || parts.some(line => line.length > LONGEST_LINE)) {
      input.destroy()
      return
    }
    for (const line of parts) give(line)
  })
  // Who went away does not read the answer; `closed` tells.
  output.on('error', () => {})
  return {
    closed,
    next: () =>
      new Promise(resolve => {
        const line = lines.shift()
        if (line !== undefined || isClosed) resolve(line ?? null)
        else waiting = resolve
      }),
    send: document => void output.write(`${JSON.stringify(document)}\n`),
  }
}
