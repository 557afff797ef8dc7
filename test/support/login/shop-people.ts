import { join } from 'node:path'
import { generate } from 'otplib'
import { loadPasswordPolicy } from '#config/password-policy-file'
import type { Clock } from '#core/clock'
import { Secret } from '#core/secret'
import { readSecretFile } from '#core/secret-file'
import { readDedupKey } from '#crypto/key-files'
import type { EngineFamily } from '#domain/engine-family'
import type { Engine } from '#engine/engine'
import type { RunningServer } from '#engine/scratch-server'
import type { ConnectOptions, Session } from '#engine/session'
import { startOwnServer } from '#test/own-server'
import { prepareBroker } from '#workflow/broker/prepare-broker'
import { confirmEnrolment, enroll } from '#workflow/credential/enroll'
import { type Issuer, type LoggedIn, logIn } from '#workflow/credential/log-in'
import { addUser } from '#workflow/credential/set-password'

const STEP_MS = 30_000

/** A clock that a test moves. */
export class HandClock implements Clock {
  #now: number
  constructor(now: number) {
    this.#now = now
  }
  now(): Date {
    return new Date(this.#now)
  }
  monotonicMs(): number {
    return this.#now
  }
  advance(ms: number): void {
    this.#now += ms
  }
}

/** A server of a test's own with the role analyst on shop.orders, and a broker that is ready. */
export class ShopPeople {
  readonly engine: Engine
  readonly server: RunningServer
  readonly folder: string
  readonly session: Session
  readonly issuer: Issuer
  readonly clock: HandClock
  readonly #remove: () => Promise<void>

  private constructor(
    own: Awaited<ReturnType<typeof startOwnServer>>,
    session: Session,
    issuer: Issuer,
    clock: HandClock,
  ) {
    this.engine = own.engine
    this.server = own.server
    this.folder = own.folder
    this.#remove = own.remove
    this.session = session
    this.issuer = issuer
    this.clock = clock
  }

  static async open(family: EngineFamily): Promise<ShopPeople> {
    const own = await startOwnServer(family)
    const { engine, folder } = own
    const connect: ConnectOptions = own.server.administrator
    const session = await engine.connect(connect)
    await engine.accessCatalog.ensureStore(session, 'access')
    for (const sql of SHOP) await session.run(sql)
    const totpKeyFile = join(folder, 'totp.key')
    const hosts = { identityHost: 'localhost', sessionHost: 'localhost' }
    const prepared = await prepareBroker(
      { engine, connect },
      { ...hosts, totpKeyFile, dryRun: false },
    )
    const clock = new HandClock(Date.now())
    const broker = await readSecretFile(prepared.passwordFile, 'the password')
    const issuer: Issuer = {
      engine,
      connect: { ...connect, user: 'ecomdb_broker', password: broker },
      policy: {
        issuer: 'shop',
        operators: { commands: [], people: [] },
        session: { lastsMs: 60_000, connections: 2 },
      },
      totpKey: await readDedupKey(totpKeyFile),
      clock,
    }
    return new ShopPeople(own, session, issuer, clock)
  }

  get people(): { engine: Engine; connect: ConnectOptions } {
    return { engine: this.engine, connect: this.server.administrator }
  }

  /** Somebody with the role analyst, whose second factor was confirmed two steps ago. */
  async add(person: string): Promise<Somebody> {
    const policy = await loadPasswordPolicy({})
    const added = { person, fullName: 'Some Body', email: null, identityHost: 'localhost' }
    const options = { policy, password: 'random', clock: this.clock } as const
    const { generatedPassword } = await addUser(this.people, added, options)
    await this.session.run(
      `INSERT INTO ecomdb_access.role_grant (person, role, reason, granted_by, starts_at)
       VALUES (?, 'analyst', 'test', 'test', '2026-01-01')`,
      [person],
    )
    const password = new Secret(generatedPassword ?? '')
    const { seed, recoveryCodes } = await this.enroll(person)
    return { person, password, seed, recoveryCodes }
  }

  async enroll(person: string): Promise<{ seed: string; recoveryCodes: string[] }> {
    const { totpKey } = this.issuer
    const options = { issuer: 'shop', totpKey, clock: this.clock }
    const { otpauthUri } = await enroll(this.people, person, options)
    const seed = new URL(otpauthUri ?? '').searchParams.get('secret') ?? ''
    const { recoveryCodes } = await confirmEnrolment(
      this.people,
      person,
      new Secret(await this.code(seed)),
      options,
    )
    this.clock.advance(2 * STEP_MS)
    return { seed, recoveryCodes }
  }

  async code(seed: string, steps = 0): Promise<string> {
    const epoch = Math.floor(this.clock.now().getTime() / 1000) + steps * 30
    return await generate({ secret: seed, epoch })
  }

  async logIn(somebody: Somebody, changes: Partial<LoginChanges> = {}): Promise<LoggedIn> {
    const code = changes.code ?? (await this.code(somebody.seed))
    return await logIn(this.issuer, {
      person: changes.person ?? somebody.person,
      password: changes.password ? new Secret(changes.password) : somebody.password,
      code: new Secret(code),
      recovery: changes.recovery ?? false,
    })
  }

  async connectAs({ user, password, tls }: LoggedIn): Promise<Session> {
    return await this.engine.connect({ ...this.server.administrator, user, password, tls })
  }

  async close(): Promise<void> {
    await this.session.close()
    await this.#remove()
  }
}

export interface Somebody {
  person: string
  password: Secret
  /** Base32. */
  seed: string
  recoveryCodes: string[]
}

interface LoginChanges {
  person: string
  password: string
  code: string
  recovery: boolean
}

const SHOP = [
  'CREATE DATABASE shop',
  'CREATE TABLE shop.orders (id INT PRIMARY KEY)',
  'INSERT INTO shop.orders VALUES (1), (2)',
  'CREATE ROLE analyst',
  'GRANT SELECT ON shop.orders TO analyst',
]
