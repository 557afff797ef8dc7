import { EcomdbError } from '#core/errors'
import type { Session } from '../../session.ts'
import type { LogicalDialect } from './dialect.ts'

/** A lock of the server itself, so that it holds for every host that backs it up. */
export const SINGLE_FLIGHT = 'ecomdb.backup'
/** SHOW CREATE TABLE waits for no longer than this behind DDL that is about to end. */
const CONTROL_LOCK_SECONDS = 10

/** @throws EcomdbError LOCKED */
export async function takeSingleFlight(control: Session): Promise<void> {
  await control.run(`SET SESSION lock_wait_timeout = ${CONTROL_LOCK_SECONDS}`)
  if ((await control.value(`SELECT GET_LOCK('${SINGLE_FLIGHT}', 1)`)) === '1') return
  const holder = await control.value(`SELECT IS_USED_LOCK('${SINGLE_FLIGHT}')`)
  throw new EcomdbError('LOCKED', {
    what: 'another logical backup of this server is running',
    why: `connection ${holder} holds the lock ${SINGLE_FLIGHT}`,
    hints: ['wait for it to end; the lock goes with its connection'],
  })
}

/**
 * A balancer, a proxy or a name with several addresses gives connections to several servers; a lock on
 * one of them stops no commit on the others, and snapshots of several servers are not one point in
 * time. The lock by name that `control` holds is known to its own server only.
 *
 * @param ask gives the answer of another connection, a number as text
 * @throws EcomdbError NOT_CONSISTENT
 */
export async function requireSameServer(
  control: Session,
  ask: (sql: string) => Promise<string | null | undefined>,
): Promise<void> {
  const holder = await ask(`SELECT IS_USED_LOCK('${SINGLE_FLIGHT}')`)
  if (holder !== String(control.connectionId)) throw severalServers()
}

/** @param sourceId as another connection was told it; undefined: nobody asked */
export async function requireSource(
  dialect: LogicalDialect,
  control: Session,
  sourceId: string | undefined,
): Promise<void> {
  if (sourceId !== undefined && (await dialect.sourceId(control)) !== sourceId)
    throw severalServers()
}

function severalServers(): EcomdbError {
  return new EcomdbError('NOT_CONSISTENT', {
    what: 'the connections of this backup do not reach the same server',
    why: 'what answers there is a balancer, a proxy, or a name with several addresses, and several servers are not at one point in time',
    hints: [
      'give the address or the socket of one server, also where they are replicas of each other',
    ],
    again: false,
  })
}
