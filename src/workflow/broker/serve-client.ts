import { setTimeout as sleep } from 'node:timers/promises'
import { EcomdbError, messageOf } from '#core/errors'
import { Secret } from '#core/secret'
import {
  type BrokerAnswer,
  type BrokerRequest,
  type BrokerSession,
  parseRequest,
} from '#domain/credential/broker-message'
import { connectToAccounts } from '#engine/account-session'
import { type Issuer, type LoggedIn, logIn } from '../credential/log-in.ts'
import type { LineChannel } from './line-channel.ts'

/** Who has connected and says nothing is sent away. */
const REQUEST_TIMEOUT_MS = 30_000

/**
 * One client: a request, its answer, and with `hold` the end of the session as soon as the
 * client asks for it or is gone.
 *
 * @param minted is told of every session account that was made
 */
export async function serveClient(issuer: Issuer, channel: LineChannel): Promise<void> {
  const request = await requestOf(channel)
  if (!request) {
    channel.send(answerTo(new EcomdbError('INPUT_INVALID', { what: 'that is no login request' })))
    return
  }
  let session: LoggedIn
  try {
    session = await logIn(issuer, {
      person: request.person,
      password: new Secret(request.password),
      code: new Secret(request.code),
      recovery: request.recovery,
    })
  } catch (error) {
    channel.send(answerTo(error))
    return
  }
  channel.send({ version: 1, session: sessionFor(issuer, session) } satisfies BrokerAnswer)
  if (!request.hold) return
  const ending = await Promise.race([channel.next(), channel.closed])
  const outcome = await end(issuer, session.user, ending ? 'logged out' : 'client gone')
  channel.send({ version: 1, ended: outcome !== 'still connected' } satisfies BrokerAnswer)
}

async function requestOf(channel: LineChannel): Promise<BrokerRequest | null> {
  const abort = new AbortController()
  const line = await Promise.race([
    channel.next(),
    sleep(REQUEST_TIMEOUT_MS, null, { signal: abort.signal }),
  ])
  abort.abort()
  const request = line === null ? null : parseRequest(line)
  return request && 'person' in request ? request : null
}

async function end(
  { engine, connect }: Issuer,
  user: string,
  reason: string,
): Promise<'ended' | 'not open' | 'still connected'> {
  const session = await connectToAccounts(engine, connect)
  try {
    return await engine.credentials.endSession(session, user, reason)
  } finally {
    await session.close()
  }
}

function sessionFor({ engine, connect }: Issuer, minted: LoggedIn): BrokerSession {
  return {
    user: minted.user,
    password: minted.password.reveal(),
    engine: engine.family,
    socketPath: connect.socketPath ?? null,
    host: connect.socketPath ? null : (connect.host ?? '127.0.0.1'),
    port: connect.socketPath ? null : (connect.port ?? 3306),
    tls: minted.tls,
    tlsCa: connect.tlsCa ?? null,
    expiresAt: minted.expiresAt.toISOString(),
  }
}

/** What went wrong inside is the broker's own matter. */
function answerTo(error: unknown): BrokerAnswer {
  if (error instanceof EcomdbError) {
    const { code, what, why, hints } = error
    return { version: 1, error: { code, what, why: why ?? null, hints: [...hints] } }
  }
  return {
    version: 1,
    error: { code: 'BUG', what: 'the broker failed', why: messageOf(error), hints: [] },
  }
}
