import { chmod, chown, lstat, rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { EcomdbError, messageOf, systemCode } from '#core/errors'
import { onInterrupt } from '#core/interruption'
import type { Progress } from '#core/progress'
import { translateStorageError } from '#core/storage-error'
import { takeExclusiveLock } from '#process/exclusive-lock'
import type { Issuer } from '../credential/log-in.ts'
import { lineChannel } from './line-channel.ts'
import { serveClient } from './serve-client.ts'
import { sweepSessions } from './sweep-sessions.ts'

export interface BrokerPlace {
  socketPath: string
  /** The group whose members may connect; null: the broker's own user only. */
  groupId: number | null
}

/** How long a session may outlive its time. */
const SWEEP_EVERY_MS = 2000
const MOST_CLIENTS = 200

/**
 * Listens until a signal comes, and ends sessions whose time is over. At the start it ends all
 * that an earlier broker has left behind: whoever held them is not connected any more.
 *
 * @throws EcomdbError LOCKED when another broker uses the socket, STORAGE_FAILED
 */
export async function runBroker(
  issuer: Issuer,
  place: BrokerPlace,
  progress: Progress,
): Promise<{ socketPath: string; sweptAtStart: number }> {
  const release = await takeExclusiveLock({ name: `broker ${place.socketPath}`, waitMs: 0 })
  const stop = new AbortController()
  const ended = Promise.withResolvers<void>()
  // A signal waits until the sessions are ended.
  const takeBack = onInterrupt(async () => {
    stop.abort()
    await ended.promise
  })
  const sockets = new Set<Socket>()
  try {
    const swept = await sweepSessions(issuer, 'broker restarted', () => true)
    const server = await listen(place, socket => {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
      void serve(issuer, socket, progress)
    })
    progress.stage(`listens on ${place.socketPath}; ${swept} sessions of an earlier broker ended`)
    progress.done()
    await sweepUntil(issuer, stop.signal, progress)
    for (const socket of sockets) socket.destroy()
    await close(server)
    await sweepSessions(issuer, 'broker stopped', () => true)
    return { socketPath: place.socketPath, sweptAtStart: swept }
  } finally {
    takeBack()
    await release()
    ended.resolve()
  }
}

async function serve(issuer: Issuer, socket: Socket, progress: Progress): Promise<void> {
  try {
    await serveClient(issuer, lineChannel(socket, socket))
  } catch (error) {
    progress.warn(`a login ended with an error: ${messageOf(error)}`)
  } finally {
    socket.end()
  }
}

/** A server that is away for a while does not end the broker: it is asked again. */
async function sweepUntil(issuer: Issuer, signal: AbortSignal, progress: Progress): Promise<void> {
  while (!signal.aborted) {
    await sleep(SWEEP_EVERY_MS, undefined, { signal }).catch(() => {})
    if (signal.aborted) return
    try {
      const now = issuer.clock.now()
      await sweepSessions(issuer, 'expired', ({ expiresAt }) => expiresAt <= now)
    } catch (error) {
      progress.warn(`cannot end the sessions whose time is over: ${messageOf(error)}`)
    }
  }
}

/**
 * The socket is made in a folder that nobody else can write to, so that nobody else can put
 * another in its place; it belongs to the broker, and its group may connect.
 */
async function listen(place: BrokerPlace, serve: (socket: Socket) => void): Promise<Server> {
  const { socketPath, groupId } = place
  await refuseOpenFolder(socketPath)
  await removeStale(socketPath)
  const server = createServer(serve)
  server.maxConnections = MOST_CLIENTS
  const before = process.umask(0o177)
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(socketPath, resolve)
    })
  } catch (error) {
    throw translateStorageError(error, `cannot listen on ${socketPath}`)
  } finally {
    process.umask(before)
  }
  if (groupId !== null) {
    await chown(socketPath, process.getuid?.() ?? 0, groupId)
    await chmod(socketPath, 0o660)
  }
  return server
}

/** @throws EcomdbError STORAGE_FAILED */
async function refuseOpenFolder(socketPath: string): Promise<void> {
  const folder = dirname(socketPath)
  const found = await lstat(folder).catch(error => {
    throw translateStorageError(error, `cannot use the folder ${folder}`)
  })
  if (found.isDirectory() && (found.mode & 0o022) === 0) return
  throw new EcomdbError('STORAGE_FAILED', {
    what: `the folder ${folder} is open to others`,
    why: 'who can write to it can put a socket of their own there, and ask people for passwords',
    hints: [`run \`chmod go-w ${folder}\`, or choose another folder`],
  })
}

/** What a broker that was killed has left; never anything else than a socket. */
async function removeStale(socketPath: string): Promise<void> {
  try {
    if ((await lstat(socketPath)).isSocket()) await rm(socketPath)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') {
      throw translateStorageError(error, `cannot remove the old ${socketPath}`)
    }
  }
}

function close(server: Server): Promise<void> {
  return new Promise(resolve => {
    server.close(() => resolve())
  })
}
