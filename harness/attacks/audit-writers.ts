import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '#core/errors'
import type { Engine } from '#engine/engine'
import type { RunningServer } from '#engine/scratch-server'
import type { Session } from '#engine/session'
import type { HarnessCase } from '../suite.ts'
import { AuditPlace } from './audit-place.ts'

interface Load {
  writers: number
  ms: number
}

/** Legitimate writers with rollbacks, deadlocks and kills, sealed and verified all the while. */
export function writersCase(
  engine: Engine,
  server: RunningServer,
  folder: string,
  load: Load,
): HarnessCase {
  return {
    name: `audit: ${load.writers} legitimate writers for ${load.ms / 1000} s`,
    expected: 'nothing is found, at no time',
    async run() {
      const place = await AuditPlace.make(engine, server, folder)
      try {
        return await write(place, load)
      } finally {
        await place.close()
      }
    },
  }
}

interface Tally {
  statements: number
  rollbacks: number
  deadlocks: number
  kills: number
}

async function write(place: AuditPlace, { writers, ms }: Load): Promise<string> {
  const tally: Tally = { statements: 0, rollbacks: 0, deadlocks: 0, kills: 0 }
  const end = Date.now() + ms
  const stop = new AbortController()
  const sealing = place.seal({ follow: true, signal: stop.signal })
  let verified = 0
  const verifying = (async () => {
    while (Date.now() < end) {
      await requireClean(place)
      verified += 1
      await sleep(Math.min(1_000, ms / 4))
    }
  })()
  const all = Array.from({ length: writers }, (_, number) => writeOn(place, number, end, tally))
  try {
    await Promise.all([verifying, ...all])
  } finally {
    stop.abort()
    await sealing
  }
  await place.seal()
  const { checked } = await requireClean(place)
  if (checked.unsealed > 0) throw new Error(`${checked.unsealed} events are not sealed`)
  return `${JSON.stringify(tally)}, ${checked.events} events in ${checked.batches} batches, verified ${verified + 1} times`
}

async function requireClean(place: AuditPlace) {
  const report = await place.verify()
  const [first] = report.findings
  if (first) throw new Error(`${JSON.stringify(report.counts)}; first: ${JSON.stringify(first)}`)
  return report
}

/** Deadlocks, and connections that somebody killed, are what is wanted here. */
const WANTED =
  /deadlock|lock wait|killed|lost|closed|EPIPE|ECONNRESET|ended by the other|interrupted|try restarting|went away|server has gone/i

async function writeOn(
  place: AuditPlace,
  number: number,
  end: number,
  tally: Tally,
): Promise<void> {
  let session = await openWriter(place)
  for (let round = 0; Date.now() < end; round += 1) {
    try {
      await transaction(session, number, round, tally)
      if (number === 0 && round % 5 === 4) await killOne(place, tally)
    } catch (error) {
      if (!isWanted(error)) throw error
      if (/deadlock|restarting/i.test(wholeText(error))) tally.deadlocks += 1
      session.destroy()
      session = await openWriter(place)
    }
  }
  await session.close()
}

/** Also a connection that is only just being made may be the one that is killed. */
async function openWriter(place: AuditPlace): Promise<Session> {
  for (;;) {
    try {
      return await place.writerSession()
    } catch (error) {
      if (!isWanted(error)) throw error
    }
  }
}

const isWanted = (error: unknown): boolean => WANTED.test(wholeText(error))

function wholeText(error: unknown): string {
  return `${messageOf(error)} ${messageOf((error as { cause?: unknown }).cause)}`
}

async function transaction(
  session: Session,
  number: number,
  round: number,
  tally: Tally,
): Promise<void> {
  await session.run('START TRANSACTION')
  await session.run('INSERT INTO messages (said_at, user_id, said) VALUES (NOW(), ?, ?)', [
    1 + (number % 2),
    `writer ${number} round ${round} é`,
  ])
  // Sometimes in two orders, so that two of them wait for each other.
  const rows = number % 2 === 0 ? [1, 2] : [2, 1]
  for (const row of round % 8 === number % 8 ? rows : []) {
    await session.run('UPDATE messages SET said = ? WHERE id = ?', [`${number}/${round}`, row])
  }
  if (round % 7 === 3) {
    await session.run('DELETE FROM messages WHERE said = ?', [
      `writer ${number} round ${round - 1} é`,
    ])
  }
  if (round % 3 === 1) {
    await session.run('ROLLBACK')
    tally.rollbacks += 1
  } else await session.run('COMMIT')
  tally.statements += 3
}

/** Ends the connection of some writer, in the middle of whatever it does. */
async function killOne(place: AuditPlace, tally: Tally): Promise<void> {
  const root = await place.engine.connect(place.connect)
  try {
    const victim = await root.value(
      'SELECT id FROM information_schema.processlist WHERE user = ? ORDER BY RAND() LIMIT 1',
      [place.writer],
    )
    if (victim !== null) await root.run(`KILL ${victim}`).catch(() => {})
    tally.kills += 1
  } finally {
    await root.close()
  }
}
