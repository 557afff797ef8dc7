import { type ChildProcess, spawn } from 'node:child_process'
import { connect } from 'node:net'
import { EcomdbError, type ErrorCode, messageOf } from '#core/errors'
import type { Secret } from '#core/secret'
import {
  type BrokerAnswer,
  type BrokerError,
  type BrokerSession,
  END_REQUEST,
  parseAnswer,
} from '#domain/credential/broker-message'
import type { LineChannel } from './line-channel.ts'
import { lineChannel } from './line-channel.ts'
import { whyNotTrusted } from './socket-trust.ts'

/** Where the broker is: its socket on this host, or a program that leads to it (ssh). */
export type BrokerAddress = { socketPath: string } | { via: readonly string[] }

export interface BrokerLogin {
  person: string
  password: Secret
  code: Secret
  recovery: boolean
  hold: boolean
}

export interface HeldSession {
  session: BrokerSession
  /**
   * Has it ended now, and waits for that. Without it the broker ends it when we are gone.
   *
   * @throws EcomdbError SERVER_REFUSED when it is still connected after that; SERVER_LOST when the
   *   broker does not say that it has ended
   */
  end(): Promise<void>
  /** Goes away; a session that is not held stays until its time is over. */
  leave(): void
}

/**
 * Asks for a session.
 *
 * @throws EcomdbError LOGIN_REFUSED, LOGIN_THROTTLED and what else the broker says;
 *   SERVER_UNREACHABLE without a broker, or with one that is not to be trusted
 */
export async function askBroker(address: BrokerAddress, login: BrokerLogin): Promise<HeldSession> {
  const { channel, leave } = 'via' in address ? openVia(address.via) : await openSocket(address)
  const { person, recovery, hold, password, code } = login
  const secrets = { password: password.reveal(), code: code.reveal() }
  channel.send({ version: 1, person, recovery, hold, ...secrets })
  const line = await channel.next()
  const answer = line === null ? null : parseAnswer(line)
  if (answer && 'session' in answer) {
    const end = async (): Promise<void> => {
      channel.send(END_REQUEST)
      const last = await channel.next()
      leave()
      const said = last === null ? null : parseAnswer(last)
      if (!(said && 'ended' in said)) throw notSaid(answer.session, said)
      if (said.ended !== true) throw stillConnected(answer.session)
    }
    return { session: answer.session, end, leave }
  }
  leave()
  if (answer && 'error' in answer) throw saidByBroker(answer.error)
  throw unreachable('it gave no answer')
}

async function openSocket({
  socketPath,
}: {
  socketPath: string
}): Promise<{ channel: LineChannel; leave(): void }> {
  const distrust = await whyNotTrusted(socketPath)
  if (distrust) throw unreachable(distrust.why)
  const socket = connect(socketPath)
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', error => reject(unreachable(messageOf(error))))
  })
  return { channel: lineChannel(socket, socket), leave: () => socket.destroy() }
}

function openVia(command: readonly string[]): { channel: LineChannel; leave(): void } {
  const [file = '', ...args] = command
  const child: ChildProcess = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const { stdin, stdout } = child
  if (!stdin || !stdout) throw unreachable(`${file} has no pipes`)
  child.once('error', error => stdout.destroy(error))
  stdin.on('error', () => {})
  return {
    channel: lineChannel(stdout, stdin),
    // The bridge ends with its input; a signal would have it complain on our terminal.
    leave: () => void stdin.end(),
  }
}

const KNOWN: readonly ErrorCode[] = [
  ...(['LOGIN_REFUSED', 'LOGIN_THROTTLED', 'LOCKED', 'INPUT_INVALID', 'WRONG_IDENTITY'] as const),
  ...(['SERVER_UNREACHABLE', 'SERVER_LOST', 'SERVER_REFUSED', 'PRIVILEGE_MISSING'] as const),
]

function saidByBroker({ code, what, why, hints }: BrokerError): EcomdbError {
  const known = KNOWN.find(each => each === code) ?? 'SERVER_REFUSED'
  return new EcomdbError(known, { what, ...(why ? { why } : {}), hints })
}

function stillConnected({ user }: BrokerSession): EcomdbError {
  return new EcomdbError('SERVER_REFUSED', {
    what: `the session ${user} does not end`,
    why: 'its connections are there after they were killed; nobody can log in with it any more',
    hints: ['look at them with SHOW PROCESSLIST; the broker tries again when the time is over'],
  })
}

/** A broker whose server is away, or that went away itself, has no answer. */
function notSaid({ user, expiresAt }: BrokerSession, said: BrokerAnswer | null): EcomdbError {
  const why = said && 'error' in said ? `it said: ${said.error.what}` : 'it gave no answer'
  return new EcomdbError('SERVER_LOST', {
    what: `the broker does not say that the session ${user} has ended`,
    why,
    hints: [
      `it may be open until ${expiresAt}; a broker that stops or starts ends it before that`,
      'an operator sees it with `ecomdb user show`, and `ecomdb user lock` ends it',
    ],
  })
}

function unreachable(why: string): EcomdbError {
  return new EcomdbError('SERVER_UNREACHABLE', {
    what: 'cannot reach the broker',
    why,
    hints: ['is `ecomdb broker` running, and is broker.socket its socket?'],
  })
}
