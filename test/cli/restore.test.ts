import { spawn, spawnSync } from 'node:child_process'
import { mkdir, readdir, readFile, rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engineFor } from '#cli/wire'
import { packageRoot } from '#core/paths'
import { MIB } from '#core/units'
import { generateIdentity, writeIdentity } from '#crypto/key-files'
import type { EngineFamily } from '#domain/engine-family'
import type { Engine } from '#engine/engine'
import type { RunningServer } from '#engine/scratch-server'
import { BackupPlace, withServer } from '#test/backed-up'
import { type CliResult, cliEnvironment, runEcomdb } from '#test/cli'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { NEEDS_MOUNT, onReadOnly } from '#test/read-only'
import { writeConfig } from '#test/stored-repository'
import { makeFolder } from '#test/temporary'

/** Rows of `bulk`: enough to interrupt their loading, 26 MB. */
const BULK_ROWS = 64_000

describe.each(SLOW_TEST_ENGINES)('%s: ecomdb restore and drill', family => {
  let at: Place

  beforeAll(async () => {
    at = await Place.make(family)
  })

  afterAll(async () => {
    await at.remove()
  })

  test('prints its plan with masked hashes, asks to be confirmed, and changes nothing', async () => {
    await at.onServer(async (server, run) => {
      const plan = await run('latest', '--dry-run')
      expect(plan.status, plan.stderr).toBe(0)
      expect(plan.stdout).toMatch(/^-- tables of shop\nCREATE TABLE /m)
      expect(plan.stdout).toMatch(/CREATE TABLE `bulk`/)
      expect(plan.stdout).toMatch(/-- rows: 64,003 by LOAD DATA LOCAL/)
      expect(plan.stdout).toMatch(/'ann'@'%'.*ACCOUNT LOCK/)
      expect(plan.stdout).toContain("'********'")
      expect(plan.stdout).not.toMatch(/\*[0-9A-F]{40}|0x24/)
      const unconfirmed = await run('latest')
      expect(unconfirmed.status).toBe(2)
      expect(unconfirmed.stderr).toContain('code: CONFIRMATION_REQUIRED (exit 2)')
      expect(unconfirmed.stderr).toContain('--confirm second')
      expect((await run('latest', '--confirm', 'other')).status).toBe(2)
      expect((await run('0190', '--confirm', 'shop')).status).toBe(10)
      expect(await at.databases(server)).toEqual([])
    })
  })

  test('restores, locks people and not programs, leaves the binary log out; then refuses', async () => {
    await at.onOwnServer(
      'whole',
      async (server, run) => {
        const position = await at.value(server, 'SELECT @@log_bin')
        expect(position).toBe('1')
        const before = await at.binlogEnd(server)
        const services = ['--service', 'webshop', '--service', 'webshp@localhost']
        const done = await run('latest', '--confirm', 'shop', ...services, '--no-binlog')
        expect(done.status, done.stderr).toBe(0)
        expect(done.stdout).toMatch(/rows +ok +64,003 rows in 3 tables/)
        expect(done.stdout).toMatch(/restored .* read back and compared in/)
        expect(await at.binlogEnd(server)).toBe(before)
        expect(done.stdout).toContain('note: --service webshp@localhost names no account of the')
        expect(await at.isLocked(server, 'ann')).toBe(true)
        expect(await at.isLocked(server, 'webshop')).toBe(false)
        const again = await run('latest', '--confirm', 'shop')
        expect(again.status).toBe(2)
        expect(again.stderr).toContain('shop holds 3 objects')
        expect(again.stderr).toContain('code: TARGET_NOT_EMPTY (exit 2)')
        expect(await at.value(server, 'SELECT COUNT(*) FROM shop.bulk')).toBe(String(BULK_ROWS))
      },
      ['--log-bin=binlog', '--server-id=1'],
    )
  })

  test('a part comes with the accounts that its views run as, into a database that is there', async () => {
    await at.onServer(async (server, run) => {
      await at.run(server, 'CREATE DATABASE shop CHARACTER SET ascii')
      const done = await run('latest', '--databases', 'shop', '--confirm', 'shop')
      expect(done.status, done.stderr).toBe(0)
      expect(done.stdout).toMatch(/but for these that .* run as: account 'ecomdb_definer'/)
      expect(await at.databases(server)).toEqual(['shop'])
      expect(await at.value(server, 'SELECT COUNT(*) FROM shop.totals')).toBe('1')
    })
  })

  test('a stranger’s identity, an edited envelope, a missing server: refused before any change', async () => {
    const stranger = join(at.folder, 'stranger.txt')
    await writeIdentity(stranger, await generateIdentity(), new Date())
    await at.onServer(async (server, run) => {
      const identity = await run('latest', '--confirm', 'shop', '-i', stranger)
      expect(identity.status).toBe(12)
      expect(identity.stderr).toContain('code: WRONG_IDENTITY (exit 12)')
      const envelope = join(at.place.path, 'snapshots', at.snapshotId, 'snapshot.json')
      const edited = await at.editing(
        envelope,
        bytes => bytes.fill('A', 200, 204),
        () => run('latest', '--confirm', 'shop'),
      )
      expect(edited.status).toBe(13)
      expect(edited.stderr).toContain('code: SIGNATURE_INVALID (exit 13)')
      if (family === 'mariadb') {
        const session = await at.engine.connect(server.administrator)
        try {
          await session.run("INSTALL SONAME 'simple_password_check'")
          const hashes = await run('latest', '--confirm', 'shop')
          expect(hashes.status).toBe(78)
          expect(hashes.stderr).toContain('strict_password_validation is ON here')
          const ofDefiners = await run('latest', '--databases', 'shop', '--confirm', 'shop')
          expect(ofDefiners.status).toBe(78)
          expect(ofDefiners.stderr).toContain('1 have a password')
        } finally {
          await session.run("UNINSTALL SONAME 'simple_password_check'")
          await session.close()
        }
      }
      expect(await at.databases(server)).toEqual([])
    })
    const gone = await at.restore({ socketPath: join(at.folder, 'no.sock') }, 'latest')
    expect(gone.status).toBe(20)
  })

  test('a damaged object: named, and what is on the server is said; --start-over gets over it', async () => {
    await at.onServer(async (server, run) => {
      const damaged = await at.editing(
        await at.largestObject(),
        bytes => bytes.fill(0, 5000, 5001),
        () => run('latest', '--confirm', 'shop'),
      )
      expect(damaged.status, damaged.stderr).toBe(13)
      expect(damaged.stderr).toContain('code: OBJECT_DAMAGED (exit 13)')
      expect(damaged.stderr).toMatch(
        /on the server now, perhaps incomplete: second, shop, and 3 accounts/,
      )
      const next = await run('latest', '--confirm', 'shop')
      expect(next.status).toBe(2)
      expect(next.stderr).toContain('a restore into this server was interrupted')
      const plan = await run('latest', '--dry-run', '--start-over')
      expect(plan.stdout).toMatch(/-- removal\nDROP DATABASE IF EXISTS `second`;/)
      const aside = ['--databases', 'shop', '--into', 'aside', '--confirm', 'aside']
      const other = await run('latest', ...aside, '--start-over')
      expect([other.status, other.stderr]).toEqual([
        2,
        expect.stringMatching(/--start-over would drop .*shop.*, which this restore does not make/),
      ])
      if (family === 'mariadb') {
        // The accounts of the first try are there, and would be made anew.
        await at.run(server, "INSTALL SONAME 'simple_password_check'")
        for (const how of ['--start-over', '--resume']) {
          const hashes = await run('latest', '--confirm', 'shop', how)
          expect(hashes.status, how).toBe(78)
          expect(hashes.stderr).toContain('strict_password_validation is ON here')
        }
        await at.run(server, "UNINSTALL SONAME 'simple_password_check'")
      }
      const over = await run('latest', '--confirm', 'shop', '--start-over')
      expect(over.status, over.stderr).toBe(0)
    })
  })

  test('the server dies in the middle: exit 20, and --start-over makes it whole', async () => {
    await at.onOwnServer('dying', async (server, run) => {
      const ended = await at.whileLoading(server, () => process.kill(server.pid, 'SIGKILL'))
      expect(ended.status, ended.stderr).toBe(20)
      expect(ended.stderr).toContain('code: SERVER_LOST (exit 20)')
      await at.start(server.folder)
      const over = await run('latest', '--confirm', 'shop', '--start-over')
      expect(over.status, over.stderr).toBe(0)
    })
  })

  test('Ctrl-C in the middle: exit 130, says what is left; --start-over makes it whole', async () => {
    await at.onServer(async (server, run) => {
      const ended = await at.whileLoading(server, restore => restore.kill('SIGINT'))
      expect(ended.status, ended.stderr).toBe(130)
      expect(ended.stderr).toMatch(/perhaps incomplete: second, shop, and 3 accounts/)
      const over = await run('latest', '--confirm', 'shop', '--start-over')
      expect(over.status, over.stderr).toBe(0)
    })
  })

  test('the server’s disk is full: named, and --start-over works when there is room', async context => {
    const disk = join(at.folder, 'disk')
    await mkdir(disk)
    const mount = (...args: string[]): boolean => spawnSync('mount', args).status === 0
    if (!mount('-t', 'tmpfs', '-o', 'size=2g', 'tmpfs', disk)) {
      return context.skip('needs root to mount a small tmpfs')
    }
    try {
      await at.onOwnServer(
        'disk/server',
        async (_server, run) => {
          const usedMib = await settledMib(disk)
          expect(mount('-o', `remount,size=${usedMib + 15}m`, disk)).toBe(true)
          const full = await run('latest', '--confirm', 'shop')
          expect(full.status, full.stderr).toBe(30)
          expect(full.stderr).toMatch(
            /cannot load rows into `shop`.`bulk`.*full|disk full|No space/s,
          )
          expect(mount('-o', 'remount,size=2g', disk)).toBe(true)
          const over = await run('latest', '--confirm', 'shop', '--start-over')
          expect(over.status, over.stderr).toBe(0)
        },
        // MySQL ends itself when it is the redo log that finds no room to grow, and not a table.
        family === 'mysql' ? ['--innodb-redo-log-capacity=8M'] : [],
      )
    } finally {
      spawnSync('umount', ['-l', disk])
    }
  })

  test('drill: text, page and attestation; Ctrl-C leaves no server', async () => {
    const page = join(at.folder, 'drill.html')
    const done = await at.ecomdb('drill', '--html', page)
    expect(done.status, done.stderr).toBe(0)
    expect(done.stdout.trim().split('\n').at(-1)).toMatch(/^proved: 64,003 rows, \d+ objects, RTO /)
    expect(await readFile(page, 'utf8')).toContain('Passed')
    const missed = await at.ecomdb('drill', '--rto', '1s', '--rpo', '1d', '--json')
    expect(missed.status).toBe(missed.json().result.rtoMs > 1000 ? 14 : 0)
    const listed = await at.ecomdb('backup', 'show', 'latest')
    expect(listed.stdout).toMatch(/drill +passed/)
    const ended = await at.spawnUntilLoading(['drill'], {}, child => child.kill('SIGINT'))
    expect(ended.status, ended.stderr).toBe(130)
    expect(await readdir(join(at.state, 'drill'))).toEqual([])
  })

  test('drill on a read-only disk: proved, and nobody will know later: exit 3', async context => {
    const drilled = await onReadOnly(at.place.path, () => at.ecomdb('drill'))
    if (!drilled) return context.skip(NEEDS_MOUNT)
    expect(drilled.status, drilled.stderr).toBe(3)
    expect(drilled.stderr).toContain('no attestation was written: the file system is read-only')
  })

  test('drill by a key that cannot sign: proved, and nobody will know later: exit 3', async () => {
    const text = await readFile(at.config, 'utf8')
    await writeFile(at.config, text.replace(/^(.*signing_key_file:).*$/m, '$1 none.pem'))
    const drilled = await at.ecomdb('drill')
    await writeFile(at.config, text)
    expect(drilled.status, drilled.stderr).toBe(3)
    expect(drilled.stderr).toContain('no attestation will be written')
  })

  test('drill of a damaged snapshot: exit 13, the object by name, a failed attestation', async () => {
    const object = await at.largestObject()
    const failed = await at.editing(
      object,
      bytes => bytes.fill(0, 5000, 5001),
      () => at.ecomdb('drill'),
    )
    expect(failed.status).toBe(13)
    expect(failed.stdout).toContain(object.slice(at.place.path.length + 1))
    expect(failed.stdout).toMatch(/NOT PROVED: restore failed/)
    const shown = await at.ecomdb('backup', 'show', 'latest')
    expect(shown.stdout).toMatch(/drill +failed/)
    expect(await readdir(join(at.state, 'drill'))).toEqual([])
  })
})

type Run = (...args: string[]) => Promise<CliResult>

/** A backed-up shop, its keys and an ecomdb.yaml. */
class Place {
  readonly folder: string
  readonly place: BackupPlace
  readonly engine: Engine
  snapshotId = ''

  private constructor(folder: string, place: BackupPlace, engine: Engine) {
    this.folder = folder
    this.place = place
    this.engine = engine
  }

  get state(): string {
    return join(this.folder, 'state')
  }

  get config(): string {
    return join(this.folder, 'ecomdb.yaml')
  }

  static async make(family: EngineFamily): Promise<Place> {
    const folder = await makeFolder()
    const place = await BackupPlace.make(join(folder, 'backup'), family)
    const at = new Place(folder, place, await engineFor(family))
    await withServer(family, join(folder, 'source'), async server => {
      for (const sql of shop(family)) await at.run(server, sql)
      at.snapshotId = await place.backUp(server)
    })
    await writeConfig(at.config, place.path, place.config.trustedSigners, [
      `signing_key_file: ${place.config.signingKeyFile}`,
      `identity_files: [${place.identityFile}]`,
    ])
    return at
  }

  async remove(): Promise<void> {
    await this.engine.scratchServers.remove(join(this.folder, 'target'))
    await rm(this.folder, { recursive: true, force: true })
  }

  async start(folder: string, serverOptions: readonly string[] = []): Promise<RunningServer> {
    return await this.engine.scratchServers.start({
      folder,
      tcp: false,
      purpose: 'drill',
      serverOptions,
    })
  }

  /** The empty server of most tests, emptied again, and `ecomdb restore` into it. */
  async onServer(use: (server: RunningServer, run: Run) => Promise<void>): Promise<void> {
    const server = await this.start(join(this.folder, 'target'))
    try {
      await use(server, (...args) => this.restore(server, ...args))
    } finally {
      for (const sql of EMPTY) await this.run(server, sql)
    }
  }

  /** A server of the test's own, and `ecomdb restore` into it. */
  async onOwnServer(
    name: string,
    use: (server: RunningServer, run: Run) => Promise<void>,
    serverOptions: readonly string[] = [],
  ): Promise<void> {
    const server = await this.start(join(this.folder, name), serverOptions)
    try {
      await use(server, (...args) => this.restore(server, ...args))
    } finally {
      await this.engine.scratchServers.remove(server.folder)
    }
  }

  async restore(server: { socketPath: string }, ...args: string[]): Promise<CliResult> {
    const where = ['--socket', server.socketPath, '--user', 'root']
    return await this.ecomdb('restore', ...args, ...where)
  }

  async ecomdb(...args: string[]): Promise<CliResult> {
    return await runEcomdb([...args, '-c', join(this.folder, 'ecomdb.yaml')], {
      env: { ECOMDB_STATE: this.state },
    })
  }

  /** Restores, and does something when the first rows are on their way. */
  async whileLoading(
    server: RunningServer,
    interrupt: (restore: ReturnType<typeof spawn>) => void,
  ): Promise<{ status: number | null; stderr: string }> {
    const args = ['restore', 'latest', '--confirm', 'shop', '--socket', server.socketPath]
    return await this.spawnUntilLoading([...args, '--user', 'root'], {}, interrupt)
  }

  async spawnUntilLoading(
    args: readonly string[],
    env: Record<string, string>,
    interrupt: (child: ReturnType<typeof spawn>) => void,
  ): Promise<{ status: number | null; stderr: string }> {
    const config = ['-c', this.config, '--progress', 'json']
    const child = spawn(join(packageRoot(), 'bin/ecomdb'), [...args, ...config], {
      env: cliEnvironment(this.folder, { ECOMDB_STATE: this.state, ...env }),
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let stderr = ''
    let done = false
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
      if (done || !/loading rows.*"advance"/s.test(stderr)) return
      done = true
      interrupt(child)
    })
    const status = await new Promise<number | null>(resolve => child.once('close', resolve))
    return { status, stderr }
  }

  /** Changes a file for as long as `use` takes. */
  async editing<T>(
    file: string,
    edit: (bytes: Buffer) => unknown,
    use: () => Promise<T>,
  ): Promise<T> {
    const bytes = await readFile(file)
    const edited = Buffer.from(bytes)
    edit(edited)
    await writeFile(file, edited)
    try {
      return await use()
    } finally {
      await writeFile(file, bytes)
    }
  }

  async largestObject(): Promise<string> {
    const { repository, trustedSigners } = await this.place.access()
    const { objects } = await repository.readEnvelope('latest', trustedSigners)
    return join(this.place.path, objects.toSorted((a, b) => b.bytes - a.bytes)[0]?.path ?? '')
  }

  async run(server: RunningServer, sql: string): Promise<void> {
    const session = await this.engine.connect(server.administrator)
    await session.run(sql)
    await session.close()
  }

  async value(server: RunningServer, sql: string): Promise<string | null> {
    const session = await this.engine.connect(server.administrator)
    const value = await session.value(sql)
    await session.close()
    return value
  }

  async databases(server: RunningServer): Promise<string[]> {
    const names = await this.value(
      server,
      "SELECT GROUP_CONCAT(SCHEMA_NAME ORDER BY 1) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME IN ('shop', 'second')",
    )
    return names === null ? [] : names.split(',')
  }

  async isLocked(server: RunningServer, user: string): Promise<boolean> {
    const session = await this.engine.connect(server.administrator)
    const created = await session.value(`SHOW CREATE USER '${user}'@'%'`)
    await session.close()
    return / ACCOUNT LOCK/.test(created ?? '')
  }

  async binlogEnd(server: RunningServer): Promise<string> {
    const session = await this.engine.connect(server.administrator)
    const rows = await session.rows('SHOW BINARY LOGS')
    await session.close()
    return JSON.stringify(rows.at(-1))
  }
}

/** What a restore may have brought. */
const EMPTY = [
  'DROP DATABASE IF EXISTS shop',
  'DROP DATABASE IF EXISTS second',
  'DROP DATABASE IF EXISTS ecomdb_restore',
  "DROP USER IF EXISTS 'ann'@'%', 'webshop'@'%', 'ecomdb_definer'@'localhost'",
]

function shop(family: EngineFamily): string[] {
  const definer = "'ecomdb_definer'@'localhost'"
  return [
    'CREATE DATABASE shop',
    'CREATE DATABASE second',
    'CREATE TABLE shop.products (id INT PRIMARY KEY, name VARCHAR(50))',
    "INSERT INTO shop.products VALUES (1, 'bear'), (2, 'panda')",
    'CREATE TABLE second.notes (id INT PRIMARY KEY)',
    'INSERT INTO second.notes VALUES (1)',
    'CREATE TABLE shop.bulk (id INT PRIMARY KEY AUTO_INCREMENT, t VARCHAR(500), KEY (t))',
    'INSERT INTO shop.bulk (t) VALUES (SHA2(1, 512))',
    ...doublings(BULK_ROWS),
    "CREATE USER 'ann'@'%' IDENTIFIED BY 'Secret1'",
    "CREATE USER 'webshop'@'%' IDENTIFIED BY 'Secret2'",
    "GRANT SELECT ON shop.* TO 'webshop'@'%'",
    `CREATE USER ${definer} ${family === 'mysql' ? '' : "IDENTIFIED VIA mysql_native_password USING 'invalid'"} ACCOUNT LOCK`,
    `GRANT SELECT ON shop.* TO ${definer}`,
    `CREATE DEFINER = ${definer} VIEW shop.totals AS SELECT COUNT(*) AS n FROM shop.products`,
  ]
}

/** Statements that bring one row of `bulk` to so many. */
function doublings(rows: number): string[] {
  const statements: string[] = []
  let now = 1
  while (now < rows) {
    const more = Math.min(now, rows - now)
    statements.push(
      `INSERT INTO shop.bulk (t) SELECT CONCAT(SHA2(id + ${now}, 512), SHA2(id * 3 + ${now}, 512), SHA2(id * 5 + ${now}, 512)) FROM shop.bulk ORDER BY id LIMIT ${more}`,
    )
    now += more
  }
  return statements
}

/** MiB in use, once a server that has just started writes no more; unlinked files count, too. */
async function settledMib(disk: string): Promise<number> {
  for (let last = -1; ; await sleep(500)) {
    const { blocks, bfree, bsize } = await statfs(disk)
    const used = Math.ceil(((blocks - bfree) * bsize) / MIB)
    if (used === last) return used
    last = used
  }
}
