import { EcomdbError } from '#core/errors'
import type { Engine } from '#engine/engine'
import type { ConnectOptions } from '#engine/session'

/** What gives each connection to the next of several servers gives these to two. */
const LOOKS = 2

/**
 * A program of the engine has a connection of its own, and nobody can ask which server that reaches. An
 * address that another server takes over does not go back at once: what is reached behind that connection
 * tells of it. To be called when the program has had its answer.
 *
 * @throws EcomdbError NOT_CONSISTENT, SERVER_UNREACHABLE
 */
export async function requireSameSource(
  { engine, connect }: { engine: Engine; connect: ConnectOptions },
  sourceId: string,
): Promise<void> {
  for (let look = 0; look < LOOKS; look += 1) {
    const session = await engine.connect({ ...connect, database: undefined })
    try {
      if ((await engine.logicalReader.sourceId(session)) === sourceId) continue
    } finally {
      await session.close()
    }
    throw new EcomdbError('NOT_CONSISTENT', {
      what: 'the connections of this backup do not reach the same server',
      why: 'another server answers at this address now: a failover, a balancer, or a name with several addresses; what was read may be of either',
      hints: [
        'run it again: nothing was published',
        'give the address or the socket of one server, also where they are replicas of each other',
      ],
    })
  }
}
