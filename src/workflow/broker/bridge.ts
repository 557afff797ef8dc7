import { connect, type Socket } from 'node:net'
import { EcomdbError, messageOf } from '#core/errors'
import { type BrokerAnswer, parseRequest } from '#domain/credential/broker-message'
import { lineChannel } from './line-channel.ts'

/**
 * `ecomdb login --stdio`, as a forced command of sshd: carries the lines between the pipes and
 * the broker's socket. With a person it lets requests of that person pass and of nobody else,
 * so that a key of ssh belongs to a person.
 *
 * @throws EcomdbError SERVER_UNREACHABLE
 */
export async function bridge(socketPath: string, person: string | null): Promise<void> {
  const socket = await open(socketPath)
  const here = lineChannel(process.stdin, process.stdout)
  const there = lineChannel(socket, socket)
  const toBroker = async (): Promise<void> => {
    for (let line = await here.next(); line !== null; line = await here.next()) {
      const request = parseRequest(line)
      if (request && 'person' in request && person !== null && request.person !== person) {
        here.send(notYours(person))
        break
      }
      if (request) there.send(request)
    }
    socket.end()
  }
  const toClient = async (): Promise<void> => {
    for (let line = await there.next(); line !== null; line = await there.next()) {
      process.stdout.write(`${line}\n`)
    }
  }
  await Promise.race([toBroker().then(() => there.closed), toClient()])
  socket.destroy()
  process.stdin.destroy()
}

function notYours(person: string): BrokerAnswer {
  const why = `this key of ssh is for ${person}`
  return {
    version: 1,
    error: { code: 'LOGIN_REFUSED', what: 'the login is refused', why, hints: [] },
  }
}

async function open(socketPath: string): Promise<Socket> {
  const socket = connect(socketPath)
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', error =>
      reject(
        new EcomdbError('SERVER_UNREACHABLE', {
          what: `cannot reach the broker at ${socketPath}`,
          why: messageOf(error),
          hints: ['is `ecomdb broker` running?'],
        }),
      ),
    )
  })
  return socket
}
