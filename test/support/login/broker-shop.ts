import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generate } from 'otplib'
import { packageRoot } from '#core/paths'
import { Secret } from '#core/secret'
import type { EngineFamily } from '#domain/engine-family'
import type { Engine } from '#engine/engine'
import type { RunningServer } from '#engine/scratch-server'
import type { Session } from '#engine/session'
import { type CliResult, cliEnvironment, runEcomdb } from '#test/cli'
import { startOwnServer } from '#test/own-server'

function ownGroup(): string {
  return execFileSync('id', ['-gn'], { encoding: 'utf8' }).trim()
}

/** A server of a test's own, a broker of its own command beside it, and people of the CLI. */
export class BrokerShop {
  readonly engine: Engine
  readonly server: RunningServer
  readonly folder: string
  readonly session: Session
  readonly socket: string
  broker: ChildProcess | null = null
  readonly #remove: () => Promise<void>

  private constructor(own: Awaited<ReturnType<typeof startOwnServer>>, session: Session) {
    this.engine = own.engine
    this.server = own.server
    this.folder = own.folder
    this.#remove = own.remove
    this.session = session
    this.socket = join(own.folder, 'run', 'broker.sock')
  }

  static async open(family: EngineFamily): Promise<BrokerShop> {
    const own = await startOwnServer(family)
    const session = await own.engine.connect(own.server.administrator)
    const shop = new BrokerShop(own, session)
    await mkdir(join(own.folder, 'run'), { mode: 0o755 })
    const server = `socket: ${own.server.socketPath}`
    const rest = [
      'keys: {totp_key_file: keys/totp.key}',
      `broker: {socket: ${shop.socket}, group: ${ownGroup()}}`,
      'totp_policy: totp.yaml',
      'password_policy: password.yaml',
    ]
    await mkdir(join(own.folder, 'keys'), { mode: 0o700 })
    await shop.write('ecomdb.yaml', `server: {${server}, user: root}`, ...rest)
    const account = 'user: ecomdb_broker, password_file: keys/ecomdb_broker.password'
    await shop.write('broker.yaml', `server: {${server}, ${account}}`, ...rest)
    await shop.write('totp.yaml', 'session: {lasts: 5m}')
    // Longer than what ecomdb makes where nobody asks for more.
    await shop.write('password.yaml', 'min_length: 40')
    return shop
  }

  async write(name: string, ...lines: string[]): Promise<void> {
    await writeFile(join(this.folder, name), `${lines.join('\n')}\n`)
  }

  run(args: readonly string[], env: Record<string, string> = {}, input = ''): Promise<CliResult> {
    return runEcomdb(args, { cwd: this.folder, env, input })
  }

  /** Somebody who is enrolled. */
  async add(person: string): Promise<{ password: string; seed: string; recoveryCodes: string[] }> {
    const words = ['--name', `Name of ${person}`, '--generate', 'random', '--json']
    const added = await this.run(['user', 'add', person, ...words])
    const begun = await this.run(['user', 'enroll', person, '--json'])
    const seed = new URL(begun.json().result.otpauthUri).searchParams.get('secret') ?? ''
    const code = await this.code(seed)
    const confirmed = await this.run(
      ['user', 'enroll', person, '--confirm', '--json'],
      {},
      `${code}\n`,
    )
    if (confirmed.status !== 0) throw new Error(confirmed.stdout)
    const { recoveryCodes } = confirmed.json().result
    return { password: added.json().result.generatedPassword, seed, recoveryCodes }
  }

  async code(seed: string): Promise<string> {
    return await generate({ secret: seed, epoch: Math.floor(Date.now() / 1000) })
  }

  /** Nobody waits for the next half minute: the step that was used is taken back. */
  async freshCode(person: string, seed: string): Promise<string> {
    await this.session.run(
      'UPDATE ecomdb_access.totp SET last_step = last_step - 2, failures = 0, blocked_until = NULL WHERE person = ?',
      [person],
    )
    return await this.code(seed)
  }

  /** A connection with the session that `ecomdb login --out` left. */
  async enter(user: string, optionFile: string): Promise<Session> {
    const options = await readFile(join(this.folder, optionFile), 'utf8')
    const password = new Secret(/^password ?= ?"?([^"\n]+)/m.exec(options)?.[1] ?? '')
    // Where the server has TLS, the broker's accounts are for it only.
    const [variable] = await this.session.rows("SHOW VARIABLES LIKE 'have_ssl'")
    const tls = this.engine.family === 'mysql' || variable?.['Value'] === 'YES'
    return await this.engine.connect({ ...this.server.administrator, user, password, tls })
  }

  /** Starts `ecomdb broker`, by these words or by its own, and waits until it listens. */
  async startBroker(words?: readonly string[]): Promise<string> {
    const own = [join(packageRoot(), 'bin/ecomdb'), 'broker', '--config', 'broker.yaml']
    const [file = '', ...args] = words ?? own
    const child = spawn(file, args, {
      cwd: this.folder,
      env: cliEnvironment(join(this.folder, 'home')),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.broker = child
    let said = ''
    const ended = once(child, 'exit').then(() => {
      throw new Error(`the broker ended: ${said}`)
    })
    const listens = new Promise<string>(resolve => {
      child.stderr?.on('data', chunk => {
        said += String(chunk)
        const [line] = /listens on .*/.exec(said) ?? []
        if (line) resolve(line)
      })
    })
    ended.catch(() => {})
    return await Promise.race([listens, ended])
  }

  /** @returns its exit status; null when the signal ended it */
  async stopBroker(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    const child = this.broker
    this.broker = null
    if (!child) return null
    const exited = once(child, 'exit')
    child.kill(signal)
    const [status] = await exited
    return status
  }

  /** Asks again until it gives this. */
  async until(sql: string, wanted: string, waitMs = 60_000): Promise<void> {
    const end = Date.now() + waitMs
    for (let seen = await this.session.value(sql); seen !== wanted; ) {
      if (Date.now() > end) throw new Error(`${sql} gives ${seen}, and not ${wanted}`)
      await new Promise(resolve => setTimeout(resolve, 50))
      seen = await this.session.value(sql)
    }
  }

  async close(): Promise<void> {
    await this.stopBroker('SIGKILL')
    await this.session.close()
    await this.#remove()
  }
}
