import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { engineFor } from '#cli/wire'
import type { SnapshotEnvelope } from '#domain/backup/envelope'
import type { Engine } from '#engine/engine'
import type { RunningServer } from '#engine/scratch-server'
import { openRepository } from '#repository/repository'
import { openDirectoryTarget } from '#target/dir/directory-target'
import { BackupPlace } from '#test/backed-up'
import { type CliResult, runEcomdb } from '#test/cli'
import { writeConfig } from '#test/stored-repository'
import type { HarnessCase, Suite, SuiteContext } from '../suite.ts'
import { prepareAuditAttacks } from './audit-suite.ts'
import { BUCKET_ATTACKS } from './bucket-attacks.ts'
import { BucketAttacks } from './bucket-place.ts'
import { FILE_ATTACKS } from './file-attacks.ts'
import { FilePlace } from './file-place.ts'
import { prepareLoginAttacks } from './login-attacks.ts'
import { type Attack, REPOSITORY_ATTACKS, type Victim } from './repository-attacks.ts'
import { prepareRoleAttacks } from './role-attacks.ts'

/**
 * What somebody tries who may write to the target and has public keys only: restore, verify
 * and drill must refuse it, each with its code, and the restore before it changes anything.
 *
 * --only repository is that, of rows, of files and the log, and of buckets; --only roles is what the holder of a role tries on the server, --only
 * audit what root does against the trail, --only login what a part of a login is tried for. Without --only it is the repository.
 */
export const attacks: Suite = {
  name: 'attacks',
  defaultCount: REPOSITORY_ATTACKS.length + FILE_ATTACKS.length + BUCKET_ATTACKS.length,
  async prepare(context) {
    if (context.only === 'roles') return await prepareRoleAttacks(context)
    if (context.only === 'login') return await prepareLoginAttacks(context)
    if (context.only === 'audit') return await prepareAuditAttacks(context)
    if (context.only !== null && context.only !== 'repository') {
      throw new RangeError(`attacks has no part ${context.only}: repository, roles, audit, login`)
    }
    const place = await Place.make(context)
    const all = place.cases()
    const start = context.seed % all.length
    const order = [...all.slice(start), ...all.slice(0, start)]
    return { cases: order.slice(0, context.count), close: () => place.close() }
  },
}

class Place {
  readonly #folder: string
  readonly #engine: Engine
  readonly #source: RunningServer
  readonly #target: RunningServer
  readonly #buckets: BucketAttacks
  readonly #files: FilePlace
  readonly #backup: BackupPlace
  readonly #envelopes: readonly [SnapshotEnvelope, SnapshotEnvelope]
  readonly #others: Pick<Victim, 'stranger' | 'foreign'>

  private constructor(
    folder: string,
    engine: Engine,
    [source, target]: readonly [RunningServer, RunningServer],
    backup: BackupPlace,
    envelopes: readonly [SnapshotEnvelope, SnapshotEnvelope],
    others: Pick<Victim, 'stranger' | 'foreign'>,
    files: FilePlace,
  ) {
    this.#files = files
    this.#folder = folder
    this.#engine = engine
    this.#source = source
    this.#target = target
    this.#buckets = new BucketAttacks({ folder, engine, source, target, backup })
    this.#backup = backup
    this.#envelopes = envelopes
    this.#others = others
  }

  static async make({ family, folder }: SuiteContext): Promise<Place> {
    process.env['ECOMDB_STATE'] = join(folder, 'state')
    const engine = await engineFor(family)
    const start = (name: string): Promise<RunningServer> =>
      engine.scratchServers.start({ folder: join(folder, name), tcp: false, purpose: 'drill' })
    const source = await start('source')
    const session = await engine.connect(source.administrator)
    for (const sql of SHOP) await session.run(sql)
    const backup = await BackupPlace.make(join(folder, 'shop'), family)
    const first = await backup.backUp(source)
    await session.run('INSERT INTO shop.orders VALUES (4, 4)')
    await session.run("INSERT INTO shop.customers VALUES (9, 'zoe')")
    const second = await backup.backUp(source)
    // Another shop that the same people look after: other identities, the same signer.
    const other = await BackupPlace.make(join(folder, 'stranger'), family, backup.keys.signingKey)
    const snapshotId = await other.backUp(source)
    const foreign = await BackupPlace.make(join(folder, 'foreign'), family)
    await foreign.backUp(source)
    await session.close()
    const { repository, trustedSigners } = await backup.access()
    const envelopes = [
      await repository.readEnvelope(first, trustedSigners),
      await repository.readEnvelope(second, trustedSigners),
    ] as const
    const others = {
      stranger: { path: other.path, snapshotId },
      foreign: { path: foreign.path },
    }
    return new Place(
      folder,
      engine,
      [source, await start('target')],
      backup,
      envelopes,
      others,
      await FilePlace.make({ family, folder }),
    )
  }

  async close(): Promise<void> {
    await this.#buckets.close()
    await this.#files.close()
    for (const { folder } of [this.#source, this.#target]) {
      await this.#engine.scratchServers.remove(folder)
    }
  }

  cases(): HarnessCase[] {
    return [
      ...REPOSITORY_ATTACKS.map(attack => this.caseOf(attack)),
      ...FILE_ATTACKS.map(attack => this.#files.caseOf(attack)),
      ...BUCKET_ATTACKS.map(attack => this.#buckets.caseOf(attack)),
    ]
  }

  caseOf(attack: Attack): HarnessCase {
    const codes = attack.refusedWith?.join(' or ') ?? 'nothing'
    return {
      name: attack.name,
      expected: `restore, verify and drill refuse with ${codes}; the server stays empty`,
      run: () => this.#run(attack),
    }
  }

  async #run(attack: Attack): Promise<string> {
    const victim = await this.#victim()
    await openRepository(openDirectoryTarget(victim.path))
    try {
      await attack.change(victim)
      const asked = attack.asks?.(victim) ?? 'latest'
      const seen: string[] = []
      const results = {
        restore: await this.#restore(victim, asked),
        verify: await this.#ecomdb(victim, 'backup', 'verify', '--all'),
        drill: await this.#ecomdb(victim, 'drill', asked),
      }
      for (const [command, result] of Object.entries(results)) {
        seen.push(`${command} ${judge(command, result, attack)}`)
      }
      await this.#requireEmpty(attack)
      if (attack.sparesFirst) {
        const spared = await this.#restore(victim, victim.first.snapshotId, '--dry-run')
        if (spared.status !== 0) throw new Error(`the first snapshot is lost:\n${spared.stderr}`)
      }
      return seen.join(', ')
    } finally {
      await rm(victim.path, { recursive: true, force: true })
      await this.#clear()
    }
  }

  async #victim(): Promise<Victim> {
    const path = join(this.#folder, 'victim')
    await cp(this.#backup.path, path, { recursive: true })
    const { keys } = this.#backup
    await writeConfig(join(this.#folder, 'victim.yaml'), path, keys.options.trustedSigners, [
      `identity_files: [${this.#backup.identityFile}]`,
    ])
    const [first, second] = this.#envelopes
    return { path, keys, first, second, ...this.#others }
  }

  async #ecomdb(_victim: Victim, ...args: string[]): Promise<CliResult> {
    const config = ['--config', join(this.#folder, 'victim.yaml'), '--json']
    return await runEcomdb([...args, ...config], {
      env: { ECOMDB_STATE: join(this.#folder, 'state') },
    })
  }

  async #restore(victim: Victim, ...args: string[]): Promise<CliResult> {
    const server = ['--socket', this.#target.socketPath, '--user', 'root', '--confirm', 'shop']
    return await this.#ecomdb(victim, 'restore', ...args, '--start-over', ...server)
  }

  /** Only damage that is found while rows are read may leave anything behind. */
  async #requireEmpty({ refusedWith }: Attack): Promise<void> {
    if (refusedWith === null || refusedWith.includes('OBJECT_DAMAGED')) return
    const session = await this.#engine.connect(this.#target.administrator)
    const there = await session.value("SHOW DATABASES LIKE 'shop'")
    await session.close()
    if (there !== null) throw new Error('the restore was refused, and has made the database')
  }

  async #clear(): Promise<void> {
    const session = await this.#engine.connect(this.#target.administrator)
    await session.run('DROP DATABASE IF EXISTS shop')
    await session.run('DROP DATABASE IF EXISTS ecomdb_restore')
    await session.close()
    await rm(join(this.#folder, 'state'), { recursive: true, force: true })
  }
}

/** Throws unless the command ended as it must; gives back how. */
function judge(command: string, result: CliResult, attack: Attack): string {
  const { refusedWith } = attack
  const document = result.json()
  const found = document.error?.code ?? outcomeOf(document.result)
  if (refusedWith === null) {
    if (result.status === 0) return 'is not misled'
    // verify names what it does not believe (3), and passes all the same.
    if (command === 'verify' && result.status === 3 && found === 'passed') return 'tells of it'
    throw new Error(`${command}: exit ${result.status}, ${found}\n${result.stdout}`)
  }
  if (command === 'verify' && attack.verifyPasses) return `exit ${result.status}, as it may`
  // What verify and drill find is a result: exit 13 without an error.
  const refused = result.status === 13 || result.status === 12 || result.status === 10
  const named =
    refusedWith.some(code => result.stdout.includes(code)) ||
    (command !== 'restore' && found === 'failed')
  if (refused && named) return `exit ${result.status} (${found})`
  throw new Error(`${command}: exit ${result.status}, ${found}\n${result.stdout}\n${result.stderr}`)
}

function outcomeOf(result: unknown): string {
  return typeof result === 'object' && result !== null && 'outcome' in result
    ? String(result.outcome)
    : 'done'
}

const SHOP = [
  'CREATE DATABASE shop',
  'CREATE TABLE shop.customers (id INT PRIMARY KEY, name VARCHAR(20))',
  "INSERT INTO shop.customers VALUES (1, 'ann'), (2, 'bob')",
  'CREATE TABLE shop.orders (id INT PRIMARY KEY, customer_id INT)',
  'INSERT INTO shop.orders VALUES (1, 1), (2, 1), (3, 2)',
]
