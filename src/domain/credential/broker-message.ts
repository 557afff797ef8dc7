import type { EngineFamily } from '../engine-family.ts'

/**
 * What `ecomdb login` and the broker say to each other: one JSON document a line, over a unix
 * socket or the pipes of ssh. Version 1; it only ever grows.
 */
export interface BrokerRequest {
  version: 1
  person: string
  password: string
  code: string
  /** The code is a recovery code. */
  recovery: boolean
  /** The session ends with this connection, not only at the end of its time. */
  hold: boolean
}

/** How to reach the server as the session account. */
export interface BrokerSession {
  user: string
  password: string
  engine: EngineFamily
  socketPath: string | null
  host: string | null
  port: number | null
  tls: boolean
  /** PEM, where the broker checks the server's certificate. */
  tlsCa: string | null
  /** ISO 8601, UTC. */
  expiresAt: string
}

export interface BrokerError {
  code: string
  what: string
  why: string | null
  hints: string[]
}

export type BrokerAnswer =
  | { version: 1; session: BrokerSession }
  /** false: its connections are there after they were killed; its account is gone. */
  | { version: 1; ended: boolean }
  | { version: 1; error: BrokerError }

/** Longer lines are no request. */
export const LONGEST_LINE = 8192

/** What the client says to have its session ended at once. */
export const END_REQUEST = { version: 1, end: true } as const

/** Null for whatever is not exactly a request. */
export function parseRequest(line: string): BrokerRequest | typeof END_REQUEST | null {
  const said = parseObject(line)
  if (said?.['version'] !== 1) return null
  if (said['end'] === true) return END_REQUEST
  const { person, password, code, recovery, hold } = said
  if (typeof person !== 'string' || typeof password !== 'string' || typeof code !== 'string') {
    return null
  }
  if (typeof recovery !== 'boolean' || typeof hold !== 'boolean') return null
  return { version: 1, person, password, code, recovery, hold }
}

/** Null for whatever is no answer. */
export function parseAnswer(line: string): BrokerAnswer | null {
  const said = parseObject(line)
  if (said?.['version'] !== 1) return null
  const isAnswer = 'session' in said || 'ended' in said || 'error' in said
  return isAnswer ? (said as unknown as BrokerAnswer) : null
}

function parseObject(line: string): Record<string, unknown> | null {
  try {
    const said: unknown = JSON.parse(line)
    return typeof said === 'object' && said !== null && !Array.isArray(said)
      ? (said as Record<string, unknown>)
      : null
  } catch {
    return null
  }
}
