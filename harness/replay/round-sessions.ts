import { NotTried } from '../suite.ts'
import { BareSession } from './bare-session.ts'
import type { Known } from './statements/known.ts'
import { sessionSettings } from './statements/variables.ts'

/** One client of a round. */
export interface Client {
  readonly number: number
  session: BareSession
  /** Its temporary tables. */
  temporary: Set<string>
}

/** The clients of a round, and all that they have given to the source. */
export class RoundSessions {
  readonly #known: Known
  readonly #socketPath: string
  readonly #loadedFile: string
  readonly #log: string[] = []
  #clients: Client[] = []
  accepted = 0

  constructor(known: Known, socketPath: string, loadedFile: string) {
    this.#known = known
    this.#socketPath = socketPath
    this.#loadedFile = loadedFile
  }

  get clients(): readonly Client[] {
    return this.#clients
  }

  /** All statements in their order, each behind the number of its client; the refused ones too. */
  get log(): string {
    return this.#log.join('\n')
  }

  note(text: string): void {
    this.#log.push(`-- ${text}`)
  }

  async open(number = this.#clients.length): Promise<void> {
    const { random } = this.#known
    const user = random.chance(0.7) ? 'root' : this.#known.pick('app', 'ann')
    const settings = sessionSettings(this.#known)
    const session = await this.#connect(user)
    this.#clients[number] = { number, session, temporary: new Set() }
    this.note(`client ${number} is ${user}, or root where that one cannot`)
    await session.run('SET lock_wait_timeout = 1, innodb_lock_wait_timeout = 1')
    for (const statement of ['USE shop', ...settings]) {
      await this.give(this.client(number), statement)
    }
  }

  client(number: number): Client {
    const client = this.#clients[number]
    if (!client) throw new RangeError(`no client ${number}`)
    return client
  }

  /** An account may have been dropped, or given a password: root then. */
  async #connect(user: string): Promise<BareSession> {
    try {
      return await BareSession.open(this.#socketPath, user)
    } catch (error) {
      if (user !== 'root') return await this.#connect('root')
      throw new NotTried(`the source does not answer: ${String(error)}\n${this.log}`)
    }
  }

  /** @returns whether the source has taken it */
  async give(client: Client, statement: string, isPrepared = false): Promise<boolean> {
    const text = statement.replaceAll('{file}', this.#loadedFile)
    try {
      await (isPrepared ? client.session.execute(text) : client.session.run(text))
      this.#log.push(`${client.number}: ${text}`)
      this.accepted += 1
      return true
    } catch (error) {
      const { message, fatal } = error as Error & { fatal?: boolean }
      this.#log.push(`${client.number}: ${text} -- ${message.slice(0, 150)}`)
      if (fatal) await this.replace(client)
      return false
    }
  }

  /** Ends the client's session, and begins another with other settings. */
  async replace({ number, session }: Client): Promise<void> {
    await session.close()
    await this.open(number)
  }

  async commit(): Promise<void> {
    for (const { number } of this.#clients) await this.give(this.client(number), 'COMMIT')
  }

  async close(): Promise<void> {
    for (const { session } of this.#clients) await session.close()
    this.#clients = []
  }
}
