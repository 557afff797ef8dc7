import { cp, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { engineFor } from '#cli/wire'
import type { Check } from '#domain/backup/check'
import type { Engine } from '#engine/engine'
import type { RunningServer } from '#engine/scratch-server'
import { BackupPlace } from '#test/backed-up'
import { type CliResult, runEcomdb } from '#test/cli'
import { SMALL_LOG } from '#test/own-server'
import { writeConfig } from '#test/stored-repository'
import type { HarnessCase, SuiteContext } from '../suite.ts'
import type { FileAttack, FilesVictim, StoredSegment } from './file-attacks.ts'

/** Physical snapshots of a server, its log behind them, and the log of another server. */
export class FilePlace {
  readonly #folder: string
  readonly #engine: Engine
  readonly #servers: RunningServer[] = []
  readonly #backup: BackupPlace
  #made: Promise<Omit<FilesVictim, 'path'> & { at: string }> | null = null

  private constructor(folder: string, engine: Engine, backup: BackupPlace) {
    this.#folder = folder
    this.#engine = engine
    this.#backup = backup
  }

  static async make({
    family,
    folder,
  }: Pick<SuiteContext, 'family' | 'folder'>): Promise<FilePlace> {
    const backup = await BackupPlace.make(join(folder, 'files'), family)
    return new FilePlace(folder, await engineFor(family), backup)
  }

  async close(): Promise<void> {
    for (const { folder } of this.#servers) await this.#engine.scratchServers.remove(folder)
  }

  caseOf(attack: FileAttack): HarnessCase {
    const what = attack.asks === 'latest' ? 'the snapshot' : 'the moment'
    const expected = attack.refusedWith
      ? `the restore of ${what} as files is refused with ${attack.refusedWith.join(' or ')}, its folder stays empty; verify ${attack.verifyPasses ? 'sees the rest' : 'refuses'}`
      : 'the restore is not misled, and the next backup has the rows of the source'
    return { name: `as files: ${attack.name}`, expected, run: () => this.#run(attack) }
  }

  async #run(attack: FileAttack): Promise<string> {
    // Made by the first of these attacks: a run of a few others has no time for it.
    this.#made ??= this.#prepare()
    const { at, ...made } = await this.#made
    const path = join(this.#folder, 'files-victim')
    try {
      await cp(this.#backup.path, path, { recursive: true })
      await attack.change({ ...made, path })
      return await this.#look(path, attack, [made.second.snapshotId, '--at', at])
    } finally {
      for (const one of [path, this.#data, join(this.#folder, 'state')]) {
        await rm(one, { recursive: true, force: true })
      }
    }
  }

  async #look(path: string, attack: FileAttack, moment: readonly string[]): Promise<string> {
    const asked = attack.asks === 'latest' ? ['latest'] : moment
    const restored = await this.#ecomdb(path, 'restore', ...asked, '--data-dir', this.#data)
    if (attack.refusedWith === null) return await this.#notMisled(path, restored)
    const code = refusal(restored)
    if (!code || !attack.refusedWith.includes(code)) {
      throw new Error(`restore: exit ${restored.status}, ${code}\n${said(restored)}`)
    }
    const left = await readdir(this.#data).catch(() => [])
    if (left.length > 0) throw new Error(`refused, and it has left ${left.join(', ')}`)
    const verified = await this.#ecomdb(path, 'backup', 'verify', '--all', '--deep')
    const wanted = attack.verifyPasses ? [0] : [10, 12, 13]
    if (!wanted.includes(verified.status ?? -1)) {
      throw new Error(`verify: exit ${verified.status}\n${said(verified)}`)
    }
    const seen = [`restore ${code}`, `verify exit ${verified.status}`]
    if (attack.asks === 'latest') {
      const drilled = await this.#ecomdb(path, 'drill', 'latest')
      if (drilled.status === 0) throw new Error(`the drill passes\n${said(drilled)}`)
      seen.push(`drill exit ${drilled.status}`)
    }
    return seen.join(', ')
  }

  /** What was changed is nothing that a restore needs; the next backup does not trust it either. */
  async #notMisled(path: string, restored: CliResult): Promise<string> {
    if (restored.status !== 0)
      throw new Error(`restore: exit ${restored.status}\n${said(restored)}`)
    await rm(this.#data, { recursive: true })
    // Nobody writes: the rows are of the same position, and the drill compares with their hashes.
    for (const method of ['logical', 'physical']) {
      const next = await this.#ecomdb(path, 'backup', method)
      if (next.status !== 0) throw new Error(`the next backup: exit ${next.status}\n${said(next)}`)
    }
    const drilled = await this.#ecomdb(path, 'drill', 'latest')
    const { checks }: { checks: readonly Check[] } = JSON.parse(drilled.stdout).result
    if (!checks.some(({ name, outcome }) => name === 'content' && outcome === 'passed')) {
      throw new Error(`its drill: exit ${drilled.status}\n${said(drilled)}`)
    }
    return 'restored; the next backup comes back with the rows of the source'
  }

  get #data(): string {
    return join(this.#folder, 'restored/data')
  }

  async #prepare(): Promise<Omit<FilesVictim, 'path'> & { at: string }> {
    // MariaDB is known by host and port.
    const [shop, other] = [await this.#start('logged'), await this.#start('logged-other', true)]
    const run = (server: RunningServer, ...args: string[]): Promise<void> =>
      this.#succeeds(server, ...args)
    for (const server of [shop, other]) await this.#write(server, ...SHOP)
    await run(shop, 'backup', 'physical')
    await this.#write(shop, MORE)
    await run(shop, 'backup', 'physical')
    for (const _round of [1, 2, 3]) {
      for (const server of [other, shop]) {
        await this.#write(server, MORE, 'FLUSH BINARY LOGS')
        await run(server, 'backup', 'binlog', '--once')
      }
    }
    const at = await this.#lastSecond(shop)
    const { repository, trustedSigners } = await this.#backup.access()
    const { snapshots } = await repository.listSnapshots(trustedSigners)
    const [first, second] = snapshots
    if (!first || !second) throw new Error('two snapshots were made')
    const all = await segmentsOf(this.#backup.path)
    const isShop = (one: StoredSegment): boolean => one.segment.sourceId === second.sourceId
    await this.#requireWay(second.snapshotId, at)
    return { first, second, segments: all.filter(isShop), others: all.filter(o => !isShop(o)), at }
  }

  /** What is refused later is refused for what was changed: before, all of it comes back. */
  async #requireWay(snapshot: string, at: string): Promise<void> {
    for (const asked of [['latest'], [snapshot, '--at', at]]) {
      const data = ['--data-dir', this.#data]
      const done = await this.#ecomdb(this.#backup.path, 'restore', ...asked, ...data)
      if (done.status !== 0) throw new Error(`not attacked, exit ${done.status}\n${said(done)}`)
      await rm(this.#data, { recursive: true })
    }
  }

  /** Both before and behind it is something that the last segment alone has. */
  async #lastSecond(server: RunningServer): Promise<string> {
    await this.#write(server, MORE)
    // MariaDB's log knows whole seconds.
    await sleep(1100)
    const second = new Date(Math.floor(Date.now() / 1000) * 1000)
    await sleep(1100)
    await this.#write(server, MORE)
    await this.#succeeds(server, 'backup', 'binlog', '--once')
    return second.toISOString()
  }

  async #start(name: string, tcp = false): Promise<RunningServer> {
    const { family } = this.#engine
    const gtids = family === 'mysql' ? ['--gtid-mode=ON', '--enforce-gtid-consistency=ON'] : []
    const server = await this.#engine.scratchServers.start({
      folder: join(this.#folder, name),
      tcp,
      purpose: 'drill',
      serverOptions: ['--log-bin=binlog', ...SMALL_LOG[family], ...gtids],
    })
    this.#servers.push(server)
    if (family === 'mysql')
      await this.#write(server, "INSTALL PLUGIN clone SONAME 'mysql_clone.so'")
    return server
  }

  async #write(server: RunningServer, ...statements: string[]): Promise<void> {
    const session = await this.#engine.connect(server.administrator)
    try {
      for (const sql of statements) await session.run(sql)
    } finally {
      await session.close()
    }
  }

  async #succeeds(server: RunningServer, ...args: string[]): Promise<void> {
    const result = await this.#ecomdb(this.#backup.path, ...args, '--socket', server.socketPath)
    if (result.status !== 0) throw new Error(`${args.join(' ')}: ${said(result)}`)
  }

  async #ecomdb(path: string, ...args: string[]): Promise<CliResult> {
    const { recipients, trustedSigners, signingKeyFile, dedupKeyFile, identityFiles } =
      this.#backup.config
    const config = join(this.#folder, 'files.yaml')
    await writeConfig(config, path, trustedSigners, [
      `recipients: ${JSON.stringify(recipients)}`,
      `signing_key_file: ${signingKeyFile}`,
      `dedup_key_file: ${dedupKeyFile}`,
      `identity_files: ${JSON.stringify(identityFiles)}`,
    ])
    const [shop] = this.#servers
    return await runEcomdb([...args, '--config', config, '--json'], {
      env: {
        ECOMDB_STATE: join(this.#folder, 'state'),
        ECOMDB_USER: 'root',
        ECOMDB_SOCKET: shop?.socketPath ?? '',
      },
    })
  }
}

const said = ({ stdout, stderr }: CliResult): string => `${stdout}${stderr}`

function refusal(result: CliResult): string | undefined {
  return result.status === 0 ? undefined : result.json().error?.code
}

async function segmentsOf(path: string): Promise<StoredSegment[]> {
  const names = await readdir(join(path, 'binlog'), { recursive: true })
  const files = names.filter(name => name.endsWith('.json')).toSorted()
  return await Promise.all(
    files.map(async name => {
      const { payload } = JSON.parse(await readFile(join(path, 'binlog', name), 'utf8'))
      const segment = JSON.parse(Buffer.from(payload, 'base64').toString())
      return { file: `binlog/${name}`, segment }
    }),
  )
}

/** Random, so that no block of the one is a block of the other. */
const MORE =
  'INSERT INTO shop.orders (t) WITH RECURSIVE s (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 300) SELECT HEX(RANDOM_BYTES(300)) FROM s'

const SHOP = [
  'CREATE DATABASE shop',
  'CREATE TABLE shop.orders (id INT PRIMARY KEY AUTO_INCREMENT, t VARCHAR(1000))',
  MORE,
]
