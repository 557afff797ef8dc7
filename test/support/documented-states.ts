import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { engineFor } from '#cli/wire'
import { packageRoot } from '#core/paths'
import { ENGINE_FAMILIES, type EngineFamily } from '#domain/engine-family'
import { cliEnvironment } from '#test/cli'

/**
 * What a reader of the documentation has before a block, and the commands that get from
 * the state before it to there. The last one is the state of a shop in daily use.
 */
const STATES: Readonly<Record<string, { after?: string; commands: readonly string[] }>> = {
  empty: { commands: [] },
  server: { after: 'empty', commands: ['ecomdb sandbox start'] },
  init: {
    after: 'server',
    commands: [
      'ecomdb init --yes --socket "$ECOMDB_STATE/sandbox/mariadb-default/server.sock" --user root --target ../backups',
    ],
  },
  shop: {
    after: 'init',
    commands: [
      'ecomdb provision apply',
      'ecomdb sample generate --out exports --scale 0.001',
      'ecomdb load exports/*.csv',
    ],
  },
  backup: { after: 'shop', commands: ['ecomdb backup logical'] },
}

/** Half of what is a doubt of the archive. */
const STOPPED_MS = 60_000

/**
 * A home folder that is put into a state again and again. A state is made once, by running
 * its commands; then its folder is copied. The path stays the same, since configurations
 * and sockets name it.
 */
export class DocumentedHome {
  readonly #root: string

  private constructor(root: string) {
    this.#root = root
  }

  static async open(): Promise<DocumentedHome> {
    return new DocumentedHome(await mkdtemp(join(tmpdir(), 'ecomdb-docs-')))
  }

  get #home(): string {
    return join(this.#root, 'home')
  }

  readonly #made = new Map<string, { folder: string; stoppedAt: number }>()

  /**
   * As `enter`, and the server has not been down for long: an archiver tells of one that was, for it may have run
   * without its log meanwhile.
   */
  async enterFresh(state: string): Promise<void> {
    const made = this.#made.get(state)
    if (made && performance.now() - made.stoppedAt > STOPPED_MS) this.#made.clear()
    await this.enter(state)
  }

  /** @throws Error for a state that is not known, or whose commands fail */
  async enter(state: string): Promise<void> {
    const known = STATES[state]
    if (!known) throw new Error(`there is no state "${state}": see documented-states.ts`)
    const made = this.#made.get(state)
    if (made) return await this.#restore(made.folder)
    if (known.after) await this.enter(known.after)
    else await this.#clear()
    for (const command of known.commands) {
      const { status, output } = await this.run(command)
      if (status !== 0) throw new Error(`state ${state}: ${command} (exit ${status}):\n${output}`)
    }
    await this.#save(state)
    await this.enter(state)
  }

  /** Runs a shell command in the state's working folder, as a person at a terminal would. */
  async run(command: string): Promise<{ status: number; output: string }> {
    const environment = cliEnvironment(this.#home)
    const child = spawn('sh', ['-c', `${command}\n`], {
      cwd: join(this.#home, 'shop'),
      env: { ...environment, PATH: `${this.#bin}${delimiter}${environment['PATH']}` },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const parts: Buffer[] = []
    child.stdout.on('data', part => parts.push(part))
    child.stderr.on('data', part => parts.push(part))
    const status = await new Promise<number>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', code => resolve(code ?? -1))
    })
    return { status, output: Buffer.concat(parts).toString('utf8') }
  }

  async close(): Promise<void> {
    await this.#removeServers()
    await rm(this.#root, { recursive: true, force: true })
  }

  readonly #bin = join(packageRoot(), 'bin')

  async #save(state: string): Promise<void> {
    for (const family of ENGINE_FAMILIES) {
      await (await engineFor(family)).scratchServers.stop(this.#sandbox(family))
    }
    const folder = join(this.#root, `state-${state}`)
    await rm(folder, { recursive: true, force: true })
    await cp(this.#home, folder, { recursive: true, preserveTimestamps: true })
    this.#made.set(state, { folder, stoppedAt: performance.now() })
  }

  async #restore(folder: string): Promise<void> {
    await this.#removeServers()
    await rm(this.#home, { recursive: true, force: true })
    await cp(folder, this.#home, { recursive: true, preserveTimestamps: true })
    if (existsSync(this.#sandbox('mariadb'))) {
      const { scratchServers } = await engineFor('mariadb')
      const folder = this.#sandbox('mariadb')
      await scratchServers.start({ folder, tcp: true, purpose: 'sandbox' })
    }
  }

  async #clear(): Promise<void> {
    await this.#removeServers()
    await rm(this.#home, { recursive: true, force: true })
    await mkdir(join(this.#home, 'shop'), { recursive: true })
  }

  /** Ended at once: nobody needs their data. */
  async #removeServers(): Promise<void> {
    for (const family of ENGINE_FAMILIES) {
      await (await engineFor(family)).scratchServers.remove(this.#sandbox(family))
    }
  }

  #sandbox(family: EngineFamily): string {
    return join(this.#home, 'state', 'ecomdb', 'sandbox', `${family}-default`)
  }
}
