import { execFile } from 'node:child_process'
import { copyFile, cp, mkdtemp, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import type { Session } from '#engine/session'
import { openRepository } from '#repository/repository'
import { putTombstone } from '#repository/tombstones'
import { uuidV7 } from '#repository/uuid'
import { openDirectoryTarget } from '#target/dir/directory-target'
import { runEcomdb } from '#test/cli'
import { TEST_ENGINES } from '#test/engines'
import { LoggedShop } from '#test/logged-shop'
import { makeFolder } from '#test/temporary'

const FULL = ['backup', 'physical', '--json']
const INCREMENT = ['backup', 'physical', '--incremental', 'latest', '--json']

const MEANWHILE = 'were imported while'

describe.runIf(TEST_ENGINES.includes('mariadb'))('mariadb: what is no base of an increment', () => {
  let shop: LoggedShop
  let data: string
  let away: string

  beforeAll(async () => {
    const folder = await makeFolder()
    shop = await LoggedShop.make('mariadb', folder)
    data = join(shop.source.folder, 'data')
    away = join(folder, 'exported')
    await shop.run(
      'CREATE DATABASE bank',
      'CREATE TABLE bank.accounts (id INT PRIMARY KEY, balance INT)',
      'INSERT INTO bank.accounts VALUES (1, 1), (2, 2)',
    )
  })

  afterAll(async () => {
    await shop.stop()
    await rm(shop.folder, { recursive: true, force: true })
  })

  beforeEach(async () => void (await done(FULL)))

  async function done(args: readonly string[]) {
    const result = await shop.ecomdb(args)
    expect(result.status, result.stderr + result.stdout).toBe(0)
    return result.json().result
  }

  async function refused(why: string | RegExp): Promise<void> {
    const result = await shop.ecomdb(INCREMENT)
    expect(result.status, result.stderr).toBe(78)
    expect(result.json().error?.why).toMatch(why)
  }

  async function query<T>(use: (session: Session) => Promise<T>): Promise<T> {
    const session = await shop.engine.connect(shop.source.administrator)
    try {
      return await use(session)
    } finally {
      await session.close()
    }
  }

  test('a server that was put back to an image of its disks', async () => {
    await shop.engine.scratchServers.stop(shop.source.folder)
    const image = join(shop.folder, 'image')
    await cp(data, image, { recursive: true })
    await shop.restart()
    await shop.run('UPDATE bank.accounts SET balance = 7')
    await done(FULL)
    await shop.engine.scratchServers.stop(shop.source.folder)
    await putBack(image, data)
    await shop.restart()
    // Behind the log sequence number of the copy, and the place of it in the log.
    await shop.run(
      'CREATE TABLE bank.more (t LONGTEXT)',
      ...Array.from({ length: 40 }, () => "INSERT INTO bank.more VALUES (REPEAT('n', 30000))"),
    )
    await refused(/has begun another|no such place/)
    await done(FULL)
    await done(INCREMENT)
  })

  test('one of before a restore was copied over the data, with the log of before beside it', async () => {
    const older = await done(FULL)
    await shop.run('UPDATE bank.accounts SET balance = 7')
    await done(FULL)
    const restored = join(shop.folder, 'copied-over')
    const { snapshotId } = older.snapshot ?? older
    expect((await shop.ecomdb(['restore', snapshotId, '--data-dir', restored])).status).toBe(0)
    // The second time from the very backup of the first, so that the numbers of the log begin as before.
    for (const rows of [40, 80]) {
      await shop.engine.scratchServers.stop(shop.source.folder)
      // cp writes into the files that are there.
      await promisify(execFile)('cp', ['-a', `${restored}/.`, data])
      await shop.restart()
      await shop.run(
        'CREATE OR REPLACE TABLE bank.more (t LONGTEXT)',
        ...Array.from({ length: rows }, () => "INSERT INTO bank.more VALUES (REPEAT('n', 30000))"),
      )
      await refused(/redo log was begun anew/)
      await done(FULL)
    }
    await shop.restart()
    await done(INCREMENT)
  })

  /** A file goes only when the server has noted, somewhat later, that its engines have all of it. */
  async function purgeLog(): Promise<void> {
    await shop.run('FLUSH BINARY LOGS')
    const left = async (): Promise<number> =>
      await query(async session => {
        const files = await session.rows('SHOW BINARY LOGS')
        await session.run(`PURGE BINARY LOGS TO '${files.at(-1)?.['Log_name']}'`)
        return (await session.rows('SHOW BINARY LOGS')).length
      })
    await expect.poll(left).toBe(1)
  }

  test('one that was killed and started again goes on, until the log is purged behind the base', async () => {
    await shop.run('UPDATE bank.accounts SET balance = balance + 1')
    await query(async session => {
      const pid = await readFile(String(await session.value('SELECT @@pid_file')), 'utf8')
      process.kill(Number(pid), 'SIGKILL')
    })
    await sleep(500)
    await shop.restart()
    await done(INCREMENT)
    await purgeLog()
    // It has not been down.
    await done(INCREMENT)
    await purgeLog()
    await shop.restart()
    await refused(/does not go back to binlog\.\d+ any more \(it begins with binlog\.\d+\)/)
  })

  test('one that was started again, where no log tells that it went on from there', async () => {
    await shop.restart('--skip-log-bin')
    // A server tells in whole seconds for how long it has run.
    await sleep(2000)
    await done(FULL)
    await done(INCREMENT)
    await shop.restart('--skip-log-bin')
    await refused('started again since')
    await shop.restart()
  })

  test('one that was started again, whose log would stay where its data is put back', async ({
    skip,
  }) => {
    const disk = (await stat(data)).dev
    const places = ['/dev/shm', '/var/tmp', homedir()]
    const disks = await Promise.all(places.map(place => stat(place).catch(() => null)))
    const other = places.find((_, at) => disks[at] && disks[at].dev !== disk)
    if (other === undefined) return skip('one file system only')
    const logs = await mkdtemp(join(other, 'ecomdb-test-'))
    try {
      await shop.restart(`--log-bin=${logs}/binlog`)
      await sleep(2000)
      await done(FULL)
      await done(INCREMENT)
      await shop.restart(`--log-bin=${logs}/binlog`)
      await refused(/another file system than its data .*put back/)
      await shop.restart()
    } finally {
      await rm(logs, { recursive: true })
    }
  })

  test('one whose log is there goes on behind a start', async () => {
    await shop.restart()
    await shop.run('UPDATE bank.accounts SET balance = balance + 1')
    await done(INCREMENT)
  })

  test('one before the server had another number of undo tablespaces', async () => {
    await shop.restart('--innodb-undo-tablespaces=4')
    await refused(/another innodb_undo_tablespaces/)
    await done(FULL)
    await done(INCREMENT)
    await shop.restart()
  })

  test('one that lacks a file, or that expire has announced', async () => {
    const { snapshotId } = await done(INCREMENT)
    const { keys, path } = shop.place
    const target = openDirectoryTarget(path)
    const repository = await openRepository(target)
    const { manifest, objects } = await repository.readEnvelope(
      snapshotId,
      keys.options.trustedSigners,
    )
    for (const one of [manifest, ...objects.slice(0, 1)]) {
      const file = join(path, one.path)
      await rename(file, `${file}.away`)
      await refused(`${one.path}, which it needs, is not there`)
      await rename(`${file}.away`, file)
    }
    const now = systemClock.now()
    const at = now.toISOString()
    const tombstone = {
      ...{ format: 1 as const, repositoryId: repository.id, tombstoneId: uuidV7(now) },
      ...{ copyId: null, tool: 'test', at, removeAfter: at, objects: [] },
      lapsesAt: new Date(now.getTime() + 86_400_000).toISOString(),
      snapshots: [{ snapshotId, envelopeSha256: '', reasons: [] }],
    }
    await putTombstone(target, tombstone, keys.signingKey)
    await refused(/about to be removed: a tombstone/)
    await done(FULL)
    await done(INCREMENT)
  })

  test('one before a tablespace was imported; and until a checkpoint no copy has that table', async () => {
    const importTable = (session: Session) => exchange(session, data, away)
    await query(async session => {
      await session.run('CREATE TABLE bank.moved (id INT PRIMARY KEY, note CHAR(100))')
      await session.run("INSERT INTO bank.moved VALUES (1, 'as exported')")
      await session.run('FLUSH TABLES bank.moved FOR EXPORT')
      for (const end of ['ibd', 'cfg'])
        await copyFile(join(data, 'bank', `moved.${end}`), `${away}.${end}`)
      await session.run('UNLOCK TABLES')
      await session.run("UPDATE bank.moved SET note = 'of later'")
    })
    await done(FULL)
    await query(importTable)
    await refused(/imported since.*: bank\/moved$/)
    const without = await shop.ecomdb(FULL)
    expect(without.status, without.stderr).toBe(13)
    expect(without.json().error).toMatchObject({ code: 'NOT_CONSISTENT' })
    expect(without.json().error?.why).toContain('bank/moved: ')
    await shop.run('SET GLOBAL innodb_log_checkpoint_now = ON')
    await refused(/imported since.*: bank\/moved$/)
    await done(FULL)
    await done(INCREMENT)
    const { checks } = await done(['drill', '--json'])
    expect(checks.find((check: { name: string }) => check.name === 'tables').summary).toMatch(
      /of 3 tables read in full/,
    )
    const restored = join(shop.folder, 'restored')
    await done(['restore', 'latest', '--data-dir', restored, '--json'])
    expect(await readFile(join(restored, 'bank/moved.ibd'), 'latin1')).toContain('as exported')
  })

  test('one before the tablespace of a new table was imported', async () => {
    await query(async session => {
      await session.run('CREATE TABLE bank.fresh LIKE bank.moved')
      await exchange(session, data, away, 'fresh')
    })
    await shop.run('SET GLOBAL innodb_log_checkpoint_now = ON')
    await refused(/imported since.*: bank\/fresh$/)
    await done(FULL)
    await done(INCREMENT)
  })

  test('one from when a table had no file', async () => {
    await shop.run(
      'CREATE TABLE bank.later LIKE bank.moved',
      'ALTER TABLE bank.later DISCARD TABLESPACE',
      'CREATE TABLE bank.newest (id INT)',
    )
    await shop.ecomdb(FULL)
    await query(session => exchange(session, data, away, 'later'))
    await shop.run('SET GLOBAL innodb_log_checkpoint_now = ON')
    await refused(/imported since.*: bank\/later$/)
  })

  test('tablespaces that are imported while the files are copied are told', async () => {
    let ended = false
    const importing = query(async session => {
      while (!ended) await exchange(session, data, away)
    })
    // Chance says whether a copy meets one, and which of its looks finds that first.
    let copied = await shop.ecomdb(FULL)
    for (let n = 1; n < 12 && !copied.stdout.includes(MEANWHILE); n += 1) {
      copied = await shop.ecomdb(FULL)
    }
    ended = true
    await importing
    await shop.run('SET GLOBAL innodb_log_checkpoint_now = ON')
    expect(copied.status, copied.stderr).toBe(13)
    expect(copied.json().error).toMatchObject({ code: 'NOT_CONSISTENT' })
    expect(copied.json().error?.what).toContain(MEANWHILE)
  })

  test('a temporary folder that is not there is no finding about a snapshot', async () => {
    const config = ['--config', join(shop.folder, 'ecomdb.yaml')]
    const env = { ...shop.environment(), TMPDIR: join(shop.folder, 'none') }
    for (const args of [INCREMENT, ['drill', '--json']]) {
      const { status, stdout } = await runEcomdb([...args, ...config], { env })
      expect(status, stdout).toBe(0)
    }
  })

  test('one that a verify has found damaged', async () => {
    const { snapshotId } = await done(FULL)
    const objects = join(shop.place.path, 'objects')
    const names = (await readdir(objects, { recursive: true, withFileTypes: true }))
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath, entry.name))
    for (const name of names) {
      const file = await open(name, 'r+')
      await file.write('x', Math.min(500, (await stat(name)).size - 1))
      await file.close()
    }
    expect((await shop.ecomdb(['backup', 'verify', snapshotId])).status).toBe(13)
    await refused(/newest verify or drill/)
    await done(FULL)
    await done(INCREMENT)
  })

  test('one for the recipients of before a rotation', async () => {
    await done(['key', 'rotate', 'escrow', '--json'])
    await refused(/other recipients/)
    await done(FULL)
    await done(INCREMENT)
  })
})

/** As a rollback of a disk does: the same files, with what they had then. */
async function putBack(image: string, data: string): Promise<void> {
  const entries = await readdir(data, { recursive: true, withFileTypes: true })
  for (const entry of entries.filter(one => one.isFile())) {
    const path = join(entry.parentPath, entry.name)
    const before = await readFile(join(image, path.slice(data.length))).catch(() => null)
    if (before === null) {
      await rm(path)
      continue
    }
    const file = await open(path, 'r+')
    await file.truncate(0)
    await file.write(before)
    await file.close()
  }
}

/** Takes the exported file for the table's own. */
async function exchange(
  session: Session,
  data: string,
  exported: string,
  table = 'moved',
): Promise<void> {
  await session.run(`ALTER TABLE bank.${table} DISCARD TABLESPACE`)
  for (const end of ['ibd', 'cfg'])
    await copyFile(`${exported}.${end}`, join(data, 'bank', `${table}.${end}`))
  await session.run(`ALTER TABLE bank.${table} IMPORT TABLESPACE`)
}
