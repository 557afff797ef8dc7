import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock } from '#core/clock'
import { silentProgress } from '#core/progress'
import type { Engine } from '#engine/engine'
import type { RunningServer } from '#engine/scratch-server'
import { createRepository } from '#repository/repository'
import { openS3Target } from '#target/s3/open-s3-target'
import type { BackupPlace } from '#test/backed-up'
import { makeBucket, ownerClient } from '#test/buckets'
import { type CephGateway, cephMissing, startCeph } from '#test/ceph'
import { type CliResult, runEcomdb } from '#test/cli'
import { writeConfig } from '#test/stored-repository'
import { backUpLogically } from '#workflow/backup/back-up-logically'
import { type HarnessCase, NotTried } from '../suite.ts'
import type { BucketAttack, VictimBucket } from './bucket-attacks.ts'

export interface BucketSurroundings {
  folder: string
  engine: Engine
  /** Has the shop; each attack's bucket gets two snapshots of it. */
  source: RunningServer
  /** An empty server to restore into. */
  target: RunningServer
  backup: BackupPlace
}

/** Repositories in buckets of Ceph that lock every file. */
export class BucketAttacks {
  readonly #at: BucketSurroundings
  #ceph: CephGateway | null = null

  constructor(at: BucketSurroundings) {
    this.#at = at
  }

  async close(): Promise<void> {
    await this.#ceph?.stop()
  }

  caseOf(attack: BucketAttack): HarnessCase {
    const outcome =
      attack.outcome === 'named' ? 'verify names it' : "verify, drill and restore refuse 'latest'"
    return {
      name: `a lock bucket: ${attack.name}`,
      expected: `restore and drill have what was locked, ${outcome}, the next backup works`,
      run: () => this.#run(attack),
    }
  }

  async #run(attack: BucketAttack): Promise<string> {
    const missing = cephMissing()
    if (missing) throw new NotTried(missing)
    this.#ceph ??= await startCeph()
    const victim = await this.#victim(this.#ceph)
    await attack.change(victim)
    const id = victim.second.snapshotId
    const seen: string[] = []
    const expect = async (status: number, ...args: string[]): Promise<CliResult> => {
      const run = await this.#ecomdb(victim, ...args)
      seen.push(`${args.slice(0, 2).join(' ')} ${run.status}`)
      if (run.status === status) return run
      throw new Error(`${args.join(' ')}: exit ${run.status}\n${run.stdout}${run.stderr}`)
    }
    const verified = await expect(attack.outcome === 'named' ? 3 : 13, 'backup', 'verify', '--all')
    if (attack.outcome === 'named' && !/laid over|over it|hides it/.test(verified.stdout)) {
      throw new Error(`verify does not say what was done:\n${verified.stdout}`)
    }
    const into = ['--confirm', 'shop', '--socket', this.#at.target.socketPath, '--user', 'root']
    if (attack.outcome === 'refused') {
      await expect(13, 'drill', 'latest')
      await expect(13, 'restore', 'latest', ...into)
      await this.#requireEmpty()
    }
    await expect(0, 'drill', id)
    await expect(0, 'restore', id, ...into)
    await this.#requireSecond()
    await this.#backUp(victim)
    seen.push('backed up again')
    return seen.join(', ')
  }

  async #victim(ceph: CephGateway): Promise<VictimBucket> {
    const { folder } = this.#at
    const credentialsFile = join(folder, 'credentials')
    const { accessKey, secretKey } = ceph
    const lines = ['[default]', `aws_access_key_id = ${accessKey}`]
    await writeFile(
      credentialsFile,
      `${lines.join('\n')}\naws_secret_access_key = ${secretKey}\n`,
      { mode: 0o600 },
    )
    const place = { ...(await makeBucket(ceph, true)), credentialsFile }
    const victim = { owner: ownerClient(ceph), place }
    await createRepository(await openS3Target(place, systemClock), systemClock)
    const { engine, source } = this.#at
    const session = await engine.connect(source.administrator)
    await session.run('DELETE FROM shop.orders WHERE id = 9')
    const first = await this.#backUp(victim)
    await session.run('INSERT INTO shop.orders VALUES (9, 9)')
    const second = await this.#backUp(victim)
    await session.close()
    return { ...victim, first, second }
  }

  async #backUp({ place }: Pick<VictimBucket, 'place'>): Promise<VictimBucket['first']> {
    const { engine, source, backup } = this.#at
    const target = await openS3Target(place, systemClock)
    const { snapshotId } = await backUpLogically(
      {
        ...{ engine, connect: source.administrator, target, keys: backup.config },
        ...{ databases: ['shop'], readers: 2, waitSeconds: 20, clock: systemClock },
      },
      silentProgress(),
    )
    const { openRepository } = await import('#repository/repository')
    const repository = await openRepository(target)
    return await repository.readEnvelope(snapshotId, backup.config.trustedSigners)
  }

  async #ecomdb({ place }: VictimBucket, ...args: string[]): Promise<CliResult> {
    const { folder, backup } = this.#at
    const config = join(folder, 'bucket.yaml')
    await writeConfig(config, join(folder, 'unused'), backup.config.trustedSigners, [
      `identity_files: [${backup.identityFile}]`,
    ])
    const query = new URLSearchParams({
      endpoint: place.endpoint ?? '',
      credentials_file: place.credentialsFile ?? '',
      lock_mode: 'governance',
      lock_days: '1',
    })
    const target = `s3://${place.bucket}/${place.prefix}?${query}`
    return await runEcomdb([...args, '--config', config], {
      env: { ECOMDB_STATE: join(folder, 'state'), ECOMDB_TARGET: target },
    })
  }

  /** What was refused has changed nothing. */
  async #requireEmpty(): Promise<void> {
    const { engine, target } = this.#at
    const session = await engine.connect(target.administrator)
    const there = await session.value("SHOW DATABASES LIKE 'shop'")
    await session.close()
    if (there !== null) throw new Error('the restore was refused, and has made the database')
  }

  /** The restored shop is the second snapshot's. */
  async #requireSecond(): Promise<void> {
    const { engine, target, folder } = this.#at
    const session = await engine.connect(target.administrator)
    try {
      const found = await session.value('SELECT GROUP_CONCAT(id ORDER BY id) FROM shop.orders')
      if (!String(found).endsWith(',9')) throw new Error(`the restored orders are ${found}`)
    } finally {
      for (const name of ['shop', 'ecomdb_restore']) {
        await session.run(`DROP DATABASE IF EXISTS ${name}`)
      }
      await session.close()
      await rm(join(folder, 'state'), { recursive: true, force: true })
    }
  }
}
