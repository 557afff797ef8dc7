import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { EngineFamily } from '#domain/engine-family'
import type { RunningServer } from '#engine/scratch-server'
import { LoggedShop, startLogged } from '#test/logged-shop'
import { BareSession } from './bare-session.ts'
import { LOADED } from './probes/probe.ts'
import type { Settings } from './settings.ts'
import { differences, type State, stateOf } from './state.ts'

/** A moment of the source, by which a restore finds it, and what the source held then. */
export interface Moment {
  args: readonly string[]
  state: State
}

/** A source with a log, a repository, and targets that come and go. Removed with its case. */
export class ReplayPlace {
  readonly #shop: LoggedShop
  /** What the backup has said: a view that is invalid does not come back. */
  #warned = ''
  #targets = 0

  private constructor(shop: LoggedShop) {
    this.#shop = shop
  }

  static async make(
    family: EngineFamily,
    folder: string,
    { options, globals }: Settings,
    before: readonly string[],
  ): Promise<ReplayPlace> {
    await mkdir(folder, { recursive: true })
    const shop = await LoggedShop.make(family, folder, options)
    const place = new ReplayPlace(shop)
    try {
      await writeFile(place.loadedFile, LOADED)
      const session = await BareSession.open(place.socketPath)
      for (const statement of before) await session.run(statement)
      await session.close()
      await setGlobals(place.socketPath, globals)
    } catch (error) {
      await place.remove()
      throw error
    }
    return place
  }

  get socketPath(): string {
    return this.#shop.source.socketPath
  }

  /** What `{file}` of a statement stands for. */
  get loadedFile(): string {
    return join(this.#shop.folder, 'loaded.tsv')
  }

  async backUp(): Promise<void> {
    const { status, stdout, stderr } = await this.#shop.ecomdb(['backup', 'logical', '--quiet'])
    if (status !== 0 && status !== 3) throw new Error(`backup logical: exit ${status}\n${stderr}`)
    this.#warned = stdout + stderr
  }

  async archive(): Promise<void> {
    const { status, stderr } = await this.#shop.ecomdb(['backup', 'binlog', '--once'])
    if (status !== 0) throw new Error(`backup binlog --once: exit ${status}\n${stderr}`)
  }

  async moment(args: readonly string[]): Promise<Moment> {
    return { args, state: await stateOf(this.socketPath, this.#shop.family) }
  }

  /** @returns "--gtid" with all that the source has written */
  async gtid(): Promise<string[]> {
    const variable = this.#shop.family === 'mysql' ? '@@gtid_executed' : '@@gtid_binlog_pos'
    const all = (await this.#shop.value(`SELECT ${variable}`)) ?? ''
    return ['--gtid', all.replaceAll('\n', '')]
  }

  /**
   * Restores a moment into an empty server of these settings.
   *
   * @returns what was seen, in words
   * @throws Error where the restore fails, or ends with 0 and holds something else
   */
  async restore(moment: Moment, settings: Settings, ...more: string[]): Promise<string> {
    const folder = join(this.#shop.folder, `target-${this.#targets++}`)
    const target = await startLogged(this.#shop.engine, folder, settings.options)
    try {
      await setGlobals(target.socketPath, settings.globals)
      return await this.#restoreInto(target, moment, more)
    } finally {
      await this.#shop.engine.scratchServers.remove(folder)
    }
  }

  async #restoreInto(target: RunningServer, moment: Moment, more: string[]): Promise<string> {
    const args = ['restore', ...moment.args, '--confirm', 'shop', ...more]
    const { status, stdout, stderr } = await this.#shop.ecomdb(args, target)
    const said = `${args.join(' ')}: exit ${status}`
    if (status !== 0 && status !== 3) throw new Error(`${said}\n${stderr}`)
    const is = await stateOf(target.socketPath, this.#shop.family)
    const found = differences(moment.state, is).filter(text => !this.#wasToldOf(text))
    if (status === 0 && found.length === 0) return `${said}, ${is.size} things are the same`
    if (status === 0) throw new Error(`${said}, and it differs (SILENT)\n${found.join('\n')}`)
    const findings = stdout.split('\n').filter(line => line.includes('FINDING'))
    return `${said}, ${found.length} differ: ${findings.join('; ')}`
  }

  #wasToldOf(difference: string): boolean {
    const name = /^\S+ (\w+\.\w+)/.exec(difference)?.[1]
    return name !== undefined && this.#warned.includes(`view ${name} `)
  }

  async remove(): Promise<void> {
    await this.#shop.stop()
    await rm(this.#shop.folder, { recursive: true, force: true })
  }
}

/** One that this version does not have is passed over. */
async function setGlobals(socketPath: string, globals: readonly string[]): Promise<void> {
  const session = await BareSession.open(socketPath)
  for (const text of globals) await session.run(`SET GLOBAL ${text}`).catch(() => {})
  await session.close()
}
