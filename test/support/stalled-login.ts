import { once } from 'node:events'
import { connect } from 'node:net'

/** CLIENT_LONG_PASSWORD, PROTOCOL_41, SECURE_CONNECTION, PLUGIN_AUTH (MySQL's protocol manual). */
const FLAGS = 0x1 | 0x200 | 0x8000 | 0x80000

/**
 * Tells the server who it is, by a plugin that is not the account's, and then does not answer: the
 * server has read the account, and waits in the middle of the login.
 *
 * @returns closed: resolves when the server has hung up
 */
export async function stallLogin(
  socketPath: string,
  user: string,
): Promise<{ closed: Promise<unknown> }> {
  const socket = connect({ path: socketPath })
  socket.on('error', () => {})
  await once(socket, 'data')
  const head = Buffer.alloc(32)
  head.writeUInt32LE(FLAGS, 0)
  head.writeUInt32LE(1 << 24, 4)
  head[8] = 45
  const answer = Buffer.concat([Buffer.from([20]), Buffer.alloc(20, 7)])
  const plugin = Buffer.from('sha256_password\0')
  const body = Buffer.concat([head, Buffer.from(`${user}\0`), answer, plugin])
  const packet = Buffer.alloc(4)
  packet.writeUIntLE(body.length, 0, 3)
  packet[3] = 1
  const closed = once(socket, 'close')
  socket.write(Buffer.concat([packet, body]))
  await once(socket, 'data')
  return { closed }
}
