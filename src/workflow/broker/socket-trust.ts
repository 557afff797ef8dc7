import { lstat } from 'node:fs/promises'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import { messageOf } from '#core/errors'

/**
 * A password is typed for the broker alone: its socket must be in a folder that only its owner
 * can write to, and belong to that owner, who is root, the user of a service, or oneself.
 *
 * @returns why it is not to be trusted, or that it is not there; null when it is
 */
export async function whyNotTrusted(
  socketPath: string,
): Promise<{ missing: boolean; why: string } | null> {
  try {
    const [socket, folder] = [await lstat(socketPath), await lstat(dirname(socketPath))]
    const why = !socket.isSocket()
      ? `${socketPath} is no socket`
      : (folder.mode & 0o022) !== 0
        ? `others can write to ${dirname(socketPath)}, and so could have put it there`
        : folder.uid !== 0 && folder.uid !== socket.uid
          ? `${socketPath} does not belong to the owner of its folder`
          : null
    return why === null ? null : { missing: false, why }
  } catch (error) {
    return { missing: true, why: messageOf(error) }
  }
}

/** Is there somebody behind it? A broker that was killed leaves its socket. */
export async function doesListen(socketPath: string): Promise<boolean> {
  const socket = connect(socketPath)
  try {
    return await new Promise<boolean>(resolve => {
      socket.once('connect', () => resolve(true))
      socket.once('error', () => resolve(false))
    })
  } finally {
    socket.destroy()
  }
}
