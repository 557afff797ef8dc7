import type { S3Client } from '@aws-sdk/client-s3'
import { MIB } from '#core/units'
import { type RetryOptions, retry } from '../wrap/retry.ts'
import { isUnreachable, mayPass, translateS3Error } from './s3-error.ts'

export interface RequestOptions {
  retry: RetryOptions
  /** A request that has not ended by then is given up, and tried again. */
  timeoutMs: number
}

/** One try of a request: its own signal ends it when it takes too long. */
export type Attempt<T> = (client: S3Client, signal: AbortSignal, attempt: number) => Promise<T>

/** So slow a line is as good as none. */
const SLOWEST_BYTES_PER_MS = MIB / 8 / 1000

/** Sends requests: with a deadline each, tried again while that may help, errors as ecomdb's. */
export class S3Requests {
  readonly label: string
  readonly #client: S3Client
  readonly #options: RequestOptions
  /** Until the endpoint has answered once, one that does not listen is a mistake. */
  #reached = false

  constructor(client: S3Client, label: string, options: RequestOptions) {
    this.#client = client
    this.label = label
    this.#options = options
  }

  /**
   * @param what for messages: "cannot read objects/…"
   * @param bytes that go over the line, for the deadline
   * @throws EcomdbError STORAGE_FAILED, TARGET_UNAVAILABLE, AUTHENTICATION_REFUSED,
   *   SECRET_MISSING
   */
  async run<T>(what: string, bytes: number, send: Attempt<T>): Promise<T> {
    try {
      return await this.runRaw(bytes, send)
    } catch (error) {
      throw translateS3Error(error, what, this.label)
    }
  }

  /** As `run`, with the SDK's own error at the end, for those who tell refusals apart. */
  async runRaw<T>(bytes: number, send: Attempt<T>): Promise<T> {
    return await retry(
      attempt => this.#once(bytes, send, attempt),
      error => mayPass(error) && (this.#reached || !isUnreachable(error)),
      this.#options.retry,
    )
  }

  /** One try, with the SDK's own error. */
  async once<T>(send: Attempt<T>): Promise<T> {
    return await this.#once(0, send, 1)
  }

  async #once<T>(bytes: number, send: Attempt<T>, attempt: number): Promise<T> {
    const allowedMs = this.#options.timeoutMs + bytes / SLOWEST_BYTES_PER_MS
    const deadline = new AbortController()
    const timer = setTimeout(() => deadline.abort(), allowedMs)
    try {
      const answer = await send(this.#client, deadline.signal, attempt)
      this.#reached = true
      return answer
    } catch (error) {
      if (!isUnreachable(error)) this.#reached = true
      throw deadline.signal.aborted ? tooSlow(allowedMs, error) : error
    } finally {
      clearTimeout(timer)
    }
  }
}

function tooSlow(allowedMs: number, cause: unknown): Error {
  const seconds = Math.round(allowedMs / 100) / 10
  const error = new Error(`no complete answer within ${seconds} s`, { cause })
  error.name = 'TimeoutError'
  return error
}
