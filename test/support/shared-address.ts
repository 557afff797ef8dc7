import { createConnection, createServer } from 'node:net'

/** A socket before several servers, which gives its connections, counted from 0, to the one that is chosen. */
export async function shareAddress(
  socket: string,
  servers: readonly string[],
  choose: (connection: number) => number,
): Promise<() => void> {
  let count = 0
  const address = createServer(client => {
    const server = createConnection(servers[choose(count++)] ?? '')
    client.pipe(server).pipe(client)
    for (const side of [client, server]) {
      side.on('error', () => {})
      side.on('close', () => {
        client.destroy()
        server.destroy()
      })
    }
  })
  await new Promise<void>(resolve => address.listen(socket, resolve))
  return () => address.close()
}
