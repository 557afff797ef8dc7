import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { EcomdbError, systemCode } from '#core/errors'

/**
 * Runs `work` while no other process of this user on this machine runs under the same name.
 *
 * The lock is a listening socket in Linux's abstract namespace (unix(7)): the kernel
 * releases it with its holder, even after SIGKILL, so none is ever stale and no file is
 * left behind. Who waits is connected to the holder and wakes when that connection ends.
 * It does not reach across machines or network namespaces; a database server's own lock on
 * its data files stands behind it.
 *
 * @param name what is locked, e.g. a folder's real path; may be of any length
 * @throws EcomdbError LOCKED when it is not free after `waitMs`
 */
export async function withExclusiveLock<Result>(
  { name, waitMs }: { name: string; waitMs: number },
  work: () => Promise<Result>,
): Promise<Result> {
  const release = await takeExclusiveLock({ name, waitMs })
  try {
    return await work()
  } finally {
    await release()
  }
}

/**
 * The same for work that does not fit into one function: the promise gives the release.
 *
 * @throws EcomdbError LOCKED when it is not free after `waitMs`
 */
export async function takeExclusiveLock({
  name,
  waitMs,
}: {
  name: string
  waitMs: number
}): Promise<() => Promise<void>> {
  const address = addressOf(name)
  const deadline = performance.now() + waitMs
  for (;;) {
    const release = await tryListen(address)
    if (release) return release
    const leftMs = deadline - performance.now()
    if (leftMs <= 0) {
      throw new EcomdbError('LOCKED', {
        what: `${name} is in use by another run of ecomdb`,
        why: `it was still locked after ${Math.round(waitMs / 1000)} s`,
        hints: ['wait for the other run to end, then run the command again'],
      })
    }
    await untilReleased(address, leftMs)
  }
}

const digestOf = (name: string): string =>
  createHash('sha256').update(name).digest('hex').slice(0, 40)

/** With the account in it: what two accounts do is mostly apart. Whoever means ill can take any name (unix(7), abstract). */
function addressOf(name: string): string {
  return `\0ecomdb-${process.getuid?.() ?? 0}-${digestOf(name)}`
}

/**
 * Is there a process of one of these other accounts of this machine under one of these names? By the kernel's list of
 * sockets (proc_net(5)); false where there is none to read.
 */
export async function isHeldByOthers(
  names: readonly string[],
  accounts: readonly number[],
): Promise<boolean> {
  const own = process.getuid?.() ?? 0
  const addresses = names.flatMap(name =>
    accounts.filter(uid => uid !== own).map(uid => `@ecomdb-${uid}-${digestOf(name)}`),
  )
  if (addresses.length === 0) return false
  const sockets = await readFile('/proc/net/unix', 'latin1').catch(() => '')
  return addresses.some(address => sockets.includes(` ${address}\n`))
}

/** Null when another process holds it. */
function tryListen(address: string): Promise<(() => Promise<void>) | null> {
  return new Promise((resolve, reject) => {
    const waiting = new Set<Socket>()
    const server = createServer(socket => {
      waiting.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => waiting.delete(socket))
    })
    server.once('error', error => {
      if (systemCode(error) === 'EADDRINUSE') resolve(null)
      else reject(error)
    })
    server.listen(address, () => resolve(() => close(server, waiting)))
  })
}

function close(server: Server, waiting: Set<Socket>): Promise<void> {
  return new Promise(resolve => {
    server.close(() => resolve())
    for (const socket of waiting) socket.destroy()
  })
}

async function untilReleased(address: string, timeoutMs: number): Promise<void> {
  const socket = connect(address)
  await new Promise<void>(resolve => {
    socket.setTimeout(timeoutMs, resolve)
    // Refused: it was released between our two calls.
    socket.once('error', () => resolve())
    socket.once('close', () => resolve())
  })
  socket.destroy()
  // Many waiters wake at once; a holder that ends slowly must not be asked in a tight loop.
  await sleep(5)
}
