import { setTimeout as sleep } from 'node:timers/promises'
import type { EngineFamily } from '#domain/engine-family'
import { Random } from '#domain/sample/random'
import { NotTried } from '../suite.ts'
import { BareSession } from './bare-session.ts'
import { type Moment, ReplayPlace } from './place.ts'
import { type Client, RoundSessions } from './round-sessions.ts'
import { drawSettings, type Settings, WITHOUT_GTIDS } from './settings.ts'
import { aboutAccounts } from './statements/accounts.ts'
import { change } from './statements/changes.ts'
import { expression } from './statements/expressions.ts'
import { Known } from './statements/known.ts'
import { aboutPrograms } from './statements/programs.ts'
import { shopBefore } from './statements/shop.ts'
import { aboutTables, alterTable, createTable } from './statements/tables.ts'
import { columnText } from './statements/types.ts'
import { aboutVariables, sessionSettings } from './statements/variables.ts'

const CLIENTS = 3
/** Before the snapshot, to the first moment, and from there to the second. */
const STATEMENTS = { before: 60, first: 120, second: 60 }

/**
 * Statements of several clients under settings that are drawn by the seed, a snapshot among them,
 * and two moments behind it, each restored into a server of other settings.
 */
export async function runRound(
  family: EngineFamily,
  folder: string,
  seed: number,
): Promise<string> {
  const random = new Random(seed)
  const source = drawSettings(family, random, 'source')
  const place = await ReplayPlace.make(family, folder, source, [
    "SET sql_mode = ''",
    ...shopBefore(family),
  ])
  const round = new Round(family, random, place, source)
  try {
    return await round.run()
  } catch (error) {
    if (error instanceof NotTried) throw error
    throw new Error(`${String(error)}\n${settingsText('source', source)}\n${round.log}`, {
      cause: error,
    })
  } finally {
    await round.close()
    await place.remove()
  }
}

const settingsText = (name: string, { options, globals }: Settings): string =>
  `${name}: ${[...options, ...globals].join('; ')}`

class Round {
  readonly #family: EngineFamily
  readonly #random: Random
  readonly #place: ReplayPlace
  readonly #hasGtids: boolean
  readonly #known: Known
  readonly #sessions: RoundSessions
  /**
   * A log of temporary tables may end in a finding (exit 3), behind which nothing else is seen: so
   * few rounds have them.
   */
  readonly #hasTemporary: boolean
  #transactions = 0
  #ticks = 0

  constructor(family: EngineFamily, random: Random, place: ReplayPlace, source: Settings) {
    this.#family = family
    this.#random = random
    this.#place = place
    this.#hasGtids = !WITHOUT_GTIDS.some(option => source.options.includes(option))
    // A table that was made in the future ends no backup of MySQL: known, so not before the snapshot.
    this.#known = new Known(family, random, false)
    this.#sessions = new RoundSessions(this.#known, place.socketPath, place.loadedFile)
    this.#hasTemporary = random.chance(0.25)
  }

  get log(): string {
    return this.#sessions.log
  }

  async run(): Promise<string> {
    await this.#refresh()
    for (let at = 0; at < CLIENTS; at++) await this.#sessions.open()
    await this.#give(STATEMENTS.before)
    await this.#sessions.commit()
    await this.#sessions.close()
    this.#sessions.note('snapshot')
    await this.#place.backUp()
    this.#known.canLie = this.#hasGtids
    for (let at = 0; at < CLIENTS; at++) await this.#sessions.open()
    await this.#give(STATEMENTS.first)
    const moments = [await this.#moment()]
    await this.#give(STATEMENTS.second)
    moments.push(await this.#moment())
    await this.#sessions.close()
    await this.#place.archive()
    const seen = [`${this.#sessions.accepted} statements`]
    for (const moment of moments) seen.push(await this.#restore(moment))
    return seen.join('; ')
  }

  async close(): Promise<void> {
    await this.#sessions.close()
  }

  async #restore(moment: Moment): Promise<string> {
    const target = drawSettings(this.#family, this.#random, 'target')
    const more = this.#random.chance(0.15) ? ['--binlog'] : []
    try {
      return await this.#place.restore(moment, target, ...more).catch(async error => {
        if (!String(error).includes('restore without --binlog')) throw error
        return await this.#place.restore(moment, target)
      })
    } catch (error) {
      throw new Error(`${String(error)}\n${settingsText('target', target)}`, { cause: error })
    }
  }

  async #moment(): Promise<Moment> {
    await this.#sessions.commit()
    const moment = await this.#place.moment(this.#hasGtids ? await this.#place.gtid() : [])
    this.#sessions.note(`moment ${moment.args.join(' ')}`)
    if (this.#hasGtids) return moment
    // The log tells seconds; and it must be known to go on behind the moment.
    await sleep(1100)
    const args = ['--at', new Date().toISOString()]
    await sleep(1100)
    const session = await BareSession.open(this.#place.socketPath)
    await session.run(`INSERT INTO shop.nums VALUES (${1000 + this.#ticks++}, 'tick'); COMMIT`)
    await session.close()
    return { ...moment, args }
  }

  /** Tells the statements what tables there are now. */
  async #refresh(): Promise<void> {
    const session = await BareSession.open(this.#place.socketPath)
    const rows = await session.rows(
      `SELECT TABLE_NAME AS t, COLUMN_NAME AS name, DATA_TYPE AS type, EXTRA AS extra,
       COLUMN_KEY AS k FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'shop'
       ORDER BY TABLE_NAME, ORDINAL_POSITION`,
    )
    await session.close()
    this.#known.columns.clear()
    for (const { t, name, type, extra, k } of rows) {
      const table = t ?? ''
      const isGenerated = /\b(VIRTUAL|STORED|PERSISTENT) GENERATED|^INVISIBLE$/i.test(extra ?? '')
      const column = { name: name ?? '', type: type ?? '', isGenerated, isPrimary: k === 'PRI' }
      this.#known.columns.set(table, [...(this.#known.columns.get(table) ?? []), column])
    }
  }

  async #give(count: number, but?: Client): Promise<void> {
    for (let at = 0; at < count; at++) {
      const others = this.#sessions.clients.filter(client => client !== but)
      await this.#step(this.#random.pick(others), but !== undefined)
    }
  }

  async #step(client: Client, isWithin: boolean): Promise<void> {
    const { kind } = this.#random.weighted(KINDS)
    const known = this.#known
    if (kind === 'change') {
      const statement = change(known, [...client.temporary])
      await this.#sessions.give(client, statement, this.#random.chance(0.05))
    } else if (kind === 'transaction') await this.#transaction(client)
    else if (kind === 'temporary') await this.#temporary(client)
    else if (kind === 'settings') {
      for (const statement of sessionSettings(known)) {
        if (this.#random.chance(0.5)) await this.#sessions.give(client, statement)
      }
    } else if (kind === 'replace') {
      if (!isWithin) await this.#sessions.replace(client)
    } else {
      await this.#sessions.give(client, kind(known))
      await this.#refresh()
    }
  }

  async #temporary(client: Client): Promise<void> {
    if (!this.#hasTemporary) return
    const known = this.#known
    const name = `tt${this.#random.between(0, 2)}`
    if (!client.temporary.has(name)) {
      const engine = known.pick('', '', ' ENGINE=MyISAM')
      const columns = `id INT AUTO_INCREMENT PRIMARY KEY, ${columnText(known, 'c0')}, ${columnText(known, 'c1')}`
      const made = `CREATE TEMPORARY TABLE ${name} (${columns})${engine}`
      if (await this.#sessions.give(client, made)) client.temporary.add(name)
      return
    }
    const statement = this.#random.pick([
      `DROP ${known.pick('', 'TEMPORARY ')}TABLE ${name}`,
      `INSERT INTO ${name} (c0, c1) VALUES (${expression(known)}, ${expression(known)})`,
      `CREATE TABLE ${known.tableName()} AS SELECT * FROM ${name}`,
      `INSERT INTO audit (what, n) SELECT c0, id FROM ${name}`,
    ])
    const isDone = await this.#sessions.give(client, statement)
    if (isDone && statement.startsWith('DROP')) client.temporary.delete(name)
  }

  async #transaction(client: Client): Promise<void> {
    const random = this.#random
    if (random.chance(0.12)) return await this.#twoPhases(client)
    const begin = ['BEGIN', 'START TRANSACTION', 'START TRANSACTION WITH CONSISTENT SNAPSHOT']
    await this.#sessions.give(client, random.pick(begin))
    for (let left = random.between(1, 5); left > 0; left--) {
      const isChange = random.chance(0.85)
      const savepoint = `s${random.between(0, 2)}`
      await this.#sessions.give(client, isChange ? this.#change() : `SAVEPOINT ${savepoint}`)
      if (random.chance(0.15)) await this.#sessions.give(client, `ROLLBACK TO ${savepoint}`)
    }
    await this.#sessions.give(client, random.chance(0.75) ? 'COMMIT' : 'ROLLBACK')
  }

  /** Within a transaction: TRUNCATE would end it. */
  #change(): string {
    return change(this.#known).replace(/^TRUNCATE TABLE/, 'DELETE FROM')
  }

  async #twoPhases(client: Client): Promise<void> {
    const random = this.#random
    const name = `'x${this.#transactions++}'${random.chance(0.3) ? ",'b'" : ''}`
    const give = (statement: string): Promise<boolean> => this.#sessions.give(client, statement)
    if (!(await give(`XA START ${name}`))) return
    for (let left = random.between(1, 3); left > 0; left--) await give(this.#change())
    await give(`XA END ${name}`)
    const isCommitted = random.chance(0.7)
    if (!random.chance(0.7)) {
      await give(isCommitted ? `XA COMMIT ${name} ONE PHASE` : `XA ROLLBACK ${name}`)
      return
    }
    const isPrepared = await give(`XA PREPARE ${name}`)
    if (isPrepared && this.#known.isMysql && random.chance(0.5)) {
      await this.#give(random.between(0, 2), client)
    }
    await give(isPrepared && isCommitted ? `XA COMMIT ${name}` : `XA ROLLBACK ${name}`)
  }
}

type Kind =
  | 'change'
  | 'transaction'
  | 'temporary'
  | 'settings'
  | 'replace'
  | ((known: Known) => string)

const KINDS: readonly { weight: number; kind: Kind }[] = [
  { weight: 50, kind: 'change' },
  { weight: 10, kind: 'transaction' },
  { weight: 3, kind: 'temporary' },
  { weight: 3, kind: 'settings' },
  { weight: 3, kind: 'replace' },
  { weight: 7, kind: createTable },
  { weight: 6, kind: alterTable },
  { weight: 5, kind: aboutTables },
  { weight: 5, kind: aboutPrograms },
  { weight: 5, kind: aboutAccounts },
  { weight: 3, kind: aboutVariables },
]
