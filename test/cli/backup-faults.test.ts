import { spawn, spawnSync } from 'node:child_process'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { packageRoot } from '#core/paths'
import { writeDedupKey, writeIdentity, writeSigningKey } from '#crypto/key-files'
import type { EngineFamily } from '#domain/engine-family'
import type { Session } from '#engine/session'
import { createRepository } from '#repository/repository'
import { createDirectoryTarget } from '#target/dir/directory-target'
import { cliEnvironment, runEcomdb } from '#test/cli'
import { TEST_ENGINES } from '#test/engines'
import { startOwnServer } from '#test/own-server'
import { makeKeys } from '#test/snapshots'
import { contentsOf, writeConfig } from '#test/stored-repository'
import { makeFolder } from '#test/temporary'

// What may happen to the place where a backup is written: after it, the earlier snapshots are
// whole, there is no new one, and the next backup works. On servers of their own: on a shared one
// the objects that other tests make and drop would let no backup be consistent.

/** Of rows that do not compress: more than the small disk below holds. */
const DATA_MB = 4

describe.each(TEST_ENGINES)('%s: ecomdb backup logical', family => {
  let folder: string
  let place: Place

  beforeAll(async () => {
    folder = await makeFolder()
    place = await makePlace(family, folder)
  })

  afterAll(async () => {
    await place.drop()
    await rm(folder, { recursive: true, force: true })
  })

  test('of what it cannot keep as it is: exit 3, and says what', async () => {
    const { engine, server } = place.own
    const session = await engine.connect({ ...server.administrator, database: place.database })
    try {
      await session.run('CREATE TABLE short_lived (id INT PRIMARY KEY)')
      await session.run('CREATE VIEW broken AS SELECT id FROM short_lived')
      await session.run('DROP TABLE short_lived')
      if (family === 'mysql') await makeSecondPassword(session)
      const backup = await place.backupTo(join(folder, 'with-findings'))
      const done = await backup('logical', '--databases', place.database, '--quiet')
      expect(done.status, done.stderr).toBe(3)
      expect(done.stdout).toMatch(/not kept +.*broken/)
      if (family === 'mysql') {
        expect(done.stdout).toContain("account 't_rotated'@'%' has a second password")
      }
      expect((await backup('verify', '--deep', '-i', place.identity)).status).toBe(0)
    } finally {
      await session.run('DROP VIEW broken')
      await session.run("DROP USER IF EXISTS 't_rotated'@'%'")
      await session.close()
    }
  })

  test('on a full disk: exit 30, and works when there is room', async context => {
    const disk = join(folder, 'small-disk')
    if (!(await mountSmall(disk, '2m'))) return context.skip('needs root to mount a small tmpfs')
    try {
      const backup = await place.backupTo(join(disk, 'repository'))
      const refused = await backup('logical', '--databases', place.database)
      expect(refused.status, refused.stderr).toBe(30)
      expect(refused.stderr).toContain('the disk is full')
      expect(refused.stderr).toContain('code: STORAGE_FAILED (exit 30)')
      expect((await backup('list', '--json')).json().result.snapshots).toEqual([])
      expect(spawnSync('mount', ['-o', 'remount,size=64m', disk]).status).toBe(0)
      expect((await backup('logical', '--databases', place.database)).status).toBe(0)
      expect((await backup('verify', '--deep', '-i', place.identity)).status).toBe(0)
    } finally {
      spawnSync('umount', [disk])
    }
  })

  test('on a read-only disk: exit 30, nothing is changed', async context => {
    const disk = join(folder, 'read-only-disk')
    if (!(await mountSmall(disk, '64m'))) return context.skip('needs root to mount a tmpfs')
    try {
      const backup = await place.backupTo(join(disk, 'repository'))
      spawnSync('mount', ['-o', 'remount,ro', disk])
      const before = await contentsOf(disk)
      const refused = await backup('logical', '--databases', place.database)
      expect(refused.status).toBe(30)
      expect(refused.stderr).toContain('the file system is read-only')
      expect(await contentsOf(disk)).toEqual(before)
    } finally {
      spawnSync('umount', [disk])
    }
  })

  test('to a disk that is not mounted: exit 10, nothing is written', async () => {
    const path = join(folder, 'mount-point')
    const backup = await place.backupTo(path)
    await rename(path, `${path}-unmounted`)
    const missing = await backup('logical', '--databases', place.database)
    expect(missing.status).toBe(10)
    await mkdir(path)
    const empty = await backup('logical', '--databases', place.database)
    expect(empty.status).toBe(10)
    expect(empty.stderr).toContain('code: TARGET_UNAVAILABLE (exit 10)')
    expect(await contentsOf(path)).toEqual({})
  })

  test('killed at any moment: no half snapshot, and the next one works at once', async () => {
    const backup = await place.backupTo(join(folder, 'killed'))
    let snapshots = 0
    for (const delayMs of [150, 300, 400, 500, 650]) {
      await killBackup(place, join(folder, 'killed.yaml'), delayMs)
      const listed = (await backup('list', '--json')).json().result
      expect(listed.refused).toEqual([])
      snapshots = listed.snapshots.length
    }
    const next = await backup('logical', '--databases', place.database)
    expect(next.status, next.stderr).toBe(0)
    const verified = await backup('verify', '--all', '--deep', '-i', place.identity, '--json')
    expect(verified.json().result).toMatchObject({ outcome: 'passed' })
    expect(verified.json().result.snapshots).toHaveLength(snapshots + 1)
  })

  test('twice at once: one runs, the other says so and exits 11', async () => {
    const backup = await place.backupTo(join(folder, 'twice'))
    const both = await Promise.all(
      [1, 2].map(() => backup('logical', '--databases', place.database)),
    )
    const statuses = both.map(({ status }) => status).sort()
    // The second may come when the first is already done.
    expect([
      [0, 0],
      [0, 11],
    ]).toContainEqual(statuses)
    const refused = both.find(({ status }) => status === 11)
    if (refused) expect(refused.stderr).toContain('code: LOCKED (exit 11)')
    expect((await backup('verify', '--all')).status).toBe(0)
  })
})

async function makeSecondPassword(session: Session): Promise<void> {
  await session.run("CREATE USER 't_rotated'@'%' IDENTIFIED BY 'Old-secret-1'")
  await session.run(
    "ALTER USER 't_rotated'@'%' IDENTIFIED BY 'New-secret-2' RETAIN CURRENT PASSWORD",
  )
}

/** Keys, a database and a server to back up, and targets to back it up to. */
interface Place {
  own: Awaited<ReturnType<typeof startOwnServer>>
  database: string
  identity: string
  /** Makes a repository at `path` and gives `ecomdb backup …` with an ecomdb.yaml for it. */
  backupTo(path: string): Promise<(...args: string[]) => ReturnType<typeof runEcomdb>>
  drop(): Promise<void>
}

async function makePlace(family: EngineFamily, folder: string): Promise<Place> {
  const own = await startOwnServer(family)
  const { engine, server } = own
  const keys = await makeKeys()
  const identity = join(folder, 'operations.txt')
  await writeIdentity(identity, keys.operations, new Date())
  await writeSigningKey(join(folder, 'signing.pem'), keys.signingKey)
  await writeDedupKey(join(folder, 'dedup.key'), keys.dedupKey)
  const database = `t_faults_${family}_${process.pid}`
  const session = await engine.connect(server.administrator)
  await session.run(`CREATE DATABASE ${database}`)
  await session.run(`CREATE TABLE ${database}.noise (id INT PRIMARY KEY AUTO_INCREMENT, b BLOB)`)
  for (let i = 0; i < DATA_MB; i += 1) {
    await session.run(`INSERT INTO ${database}.noise (b)
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
      SELECT RANDOM_BYTES(1000) FROM n`)
  }
  return {
    own,
    database,
    identity,
    async backupTo(path) {
      await createRepository(await createDirectoryTarget(path), systemClock)
      const config = `${join(folder, path.split('/').at(-1) ?? '')}.yaml`
      await writeConfig(config, path, keys.options.trustedSigners, [
        `recipients: ${JSON.stringify(keys.options.recipients)}`,
        'signing_key_file: signing.pem',
        'dedup_key_file: dedup.key',
      ])
      const env = {
        ECOMDB_SOCKET: server.administrator.socketPath ?? '',
        ECOMDB_USER: 'root',
        ECOMDB_STATE: join(folder, 'state'),
      }
      return async (...args) => await runEcomdb(['backup', ...args, '--config', config], { env })
    },
    async drop() {
      await session.close()
      await own.remove()
    },
  }
}

async function killBackup(place: Place, config: string, delayMs: number): Promise<void> {
  const home = join(config, '..')
  const { engine, server } = place.own
  const child = spawn(
    join(packageRoot(), 'bin/ecomdb'),
    ['backup', 'logical', '--databases', place.database, '--config', config],
    {
      env: cliEnvironment(home, {
        ECOMDB_SOCKET: server.administrator.socketPath ?? '',
        ECOMDB_USER: 'root',
        ECOMDB_ENGINE: engine.family,
      }),
      stdio: 'ignore',
    },
  )
  const gone = new Promise(resolve => child.once('close', resolve))
  await sleep(delayMs)
  child.kill('SIGKILL')
  await gone
}

/** A tmpfs of this size on a new folder; false where that is not allowed. */
async function mountSmall(folder: string, size: string): Promise<boolean> {
  await mkdir(folder)
  if (process.getuid?.() !== 0) return false
  return spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder]).status === 0
}
