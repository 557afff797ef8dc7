import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { packageRoot } from '#core/paths'
import { cliEnvironment, runEcomdb } from '#test/cli'
import { KILLED } from '#test/dying-at'
import { TEST_ENGINES } from '#test/engines'
import { PhysicalShop } from '#test/physical-shop'
import { wrapProgram } from '#test/wrapped-program'

// What may happen to the copying program, the server and the disk: never a snapshot, never
// exit 0, nothing left behind, and the next backup works.

const PASSWORD = 'Unlikely-pass"word\\ #1'

describe.each(TEST_ENGINES)('%s: ecomdb backup physical', family => {
  let shop: PhysicalShop

  beforeAll(async () => {
    shop = await PhysicalShop.make(family)
  })

  afterAll(async () => {
    await shop.remove()
  })

  async function expectNothing(repository = 'backups'): Promise<void> {
    const listed = await shop.ecomdb('backup', 'list', '--json', '--target', repository)
    expect(listed.json().result).toMatchObject({ snapshots: [], refused: [] })
  }

  // MySQL copies by a statement: the server that dies is below.
  const streams = family === 'mariadb' ? test : null
  streams?.('a program that dies in the middle of its stream leaves no snapshot', async () => {
    const ended = await backUpWith(shop, 'head -c 3000000; kill -9 $$')
    expect(ended.status).toBe(30)
    expect(ended.stderr).toContain('killed by SIGKILL')
    const quiet = await backUpWith(shop, 'head -c 3000000; cat > /dev/null')
    expect(quiet.status).toBe(30)
    expect(quiet.stderr).toContain("mariadb-backup's stream cannot be used")
    const failed = await backUpWith(shop, 'cat; exit 1')
    expect(failed.status).toBe(30)
    expect(failed.stderr).toMatch(/exit status 1[\s\S]*completed OK!/)
    await expectNothing()
  })

  test('a full disk leaves no snapshot', async context => {
    const disk = join(shop.folder, 'small')
    await mkdir(disk)
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=600k', 'tmpfs', disk]).status !== 0) {
      return context.skip('needs root to mount a small tmpfs')
    }
    try {
      const made = await shop.ecomdb('init', '--yes', '--folder', 'other', '--target', 'small')
      expect(made.status, made.stderr).toBe(0)
      const ended = await shop.ecomdb('backup', 'physical', '--target', 'small')
      expect(ended.status).toBe(30)
      expect(ended.stderr).toContain('the disk is full')
      await expectNothing('small')
    } finally {
      spawnSync('umount', [disk])
    }
  })

  test('the password is in nobody’s arguments, nor in what is printed', async () => {
    await shop.session.run(
      `CREATE USER copier@localhost IDENTIFIED BY '${PASSWORD.replaceAll('\\', '\\\\')}'`,
    )
    await shop.session.run('GRANT ALL ON *.* TO copier@localhost')
    const file = join(shop.folder, 'password')
    await writeFile(file, PASSWORD, { mode: 0o600 })
    const seen = join(shop.folder, 'arguments')
    const wrapped = family === 'mariadb' ? await wrapper(shop, noting(seen)) : {}
    const done = await runEcomdb(
      ['backup', 'physical', '--user', 'copier', '--password-file', file],
      { cwd: shop.folder, env: wrapped },
    )
    expect(done.status, done.stderr).toBe(0)
    expect(done.stdout + done.stderr).not.toContain(PASSWORD)
    if (family === 'mysql') return
    const words = await readFile(seen, 'utf8')
    expect(words).toMatch(/--defaults-file=\S+ .*--backup/)
    expect(words).not.toContain('pass')
  })

  streams?.('the program that prepares the files dies with a killed restore', async () => {
    const note = join(shop.folder, 'prepares')
    const waits = `case "$*" in *--prepare*) echo $$ > ${note}; kill -9 $PPID; exec sleep 300;; esac`
    const env = await wrapper(shop, real => `${waits}\nexec ${real} "$@"`)
    const restore = ['restore', 'latest', '--data-dir', 'killed']
    expect((await runEcomdb(restore, { cwd: shop.folder, env })).status).toBe(KILLED)
    const again = await shop.ecomdb(...restore, '--start-over')
    expect(again.status, again.stderr).toBe(0)
    const pid = (await readFile(note, 'utf8')).trim()
    expect(await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).toBe('')
  })

  test('the program that makes files usable fails or is killed: no restore, no drill, no snapshot', async () => {
    const [program, onlyThen] =
      family === 'mysql' ? ['mysqld', '*--datadir*'] : ['mariadb-backup', '*--prepare*']
    const restore = ['restore', 'latest', '--data-dir', 'unprepared']
    const before = await snapshotCount(shop)
    for (const [death, words, isTold] of [
      ['echo the disk is on fire >&2; exit 1', 'the disk is on fire', true],
      // What fails on the files ends so.
      ['kill -ABRT $$', 'SIGABRT', true],
      // The kernel does this for want of memory, which says nothing of the files.
      ['kill -9 $$', 'SIGKILL', false],
    ] as const) {
      const dying = (real: string) => `case "$*" in ${onlyThen}) ${death};; esac\nexec ${real} "$@"`
      const env = await wrapProgram(shop.engine, join(shop.folder, 'dying'), program, dying)
      const run = (...args: string[]) => runEcomdb(args, { cwd: shop.folder, env })
      // MySQL applies the log when a server starts on the files: nothing is run on them here.
      if (family === 'mariadb') {
        const restored = await run(...restore)
        expect([restored.status, restored.stderr]).toEqual([30, expect.stringContaining(words)])
        expect(existsSync(join(shop.folder, 'unprepared'))).toBe(false)
      }
      const proofs = await drillCount(shop)
      const drilled = await run('drill')
      const told = isTold ? drilled.stdout : drilled.stderr
      expect([drilled.status, told]).toEqual([isTold ? 13 : 30, expect.stringContaining(words)])
      expect((await drillCount(shop)) - proofs).toBe(isTold ? 1 : 0)
      if (family === 'mariadb') continue
      const backup = await run('backup', 'physical')
      expect([backup.status, backup.stderr]).toEqual([
        30,
        expect.stringContaining('no server starts on the clone, so it is no backup'),
      ])
      expect(await snapshotCount(shop)).toBe(before)
    }
    const again = await shop.ecomdb(...restore)
    expect(again.status, again.stderr).toBe(0)
  })

  test('a server that does not even tell its version is no finding', async () => {
    const program = family === 'mysql' ? 'mysqld' : 'mariadbd'
    const broken = () => 'echo no such library >&2; exit 127'
    const env = await wrapProgram(shop.engine, join(shop.folder, 'broken'), program, broken)
    const proofs = await drillCount(shop)
    const drilled = await runEcomdb(['drill'], { cwd: shop.folder, env })
    expect([drilled.status, drilled.stderr]).toEqual([
      30,
      expect.stringMatching(/program does not run here(.|\n)*no such library(.|\n)*TOOL_MISSING/),
    ])
    expect(await drillCount(shop)).toBe(proofs)
  })

  test('a private server that is killed while it is asked is no finding, one that aborts is', async () => {
    const program = family === 'mysql' ? 'mysqld' : 'mariadbd'
    const proofs = await drillCount(shop)
    for (const [signal, status] of [
      ['KILL', 30],
      ['ABRT', 13],
    ] as const) {
      // As soon as it can be asked.
      const dying = (
        real: string,
      ) => `for word; do case "$word" in --socket=*) socket=\${word#--socket=};; esac; done
(while kill -0 $$ 2>/dev/null; do [ -S "$socket" ] && kill -${signal} $$; sleep 0.02; done) &
exec ${real} "$@"`
      const env = await wrapProgram(shop.engine, join(shop.folder, 'dying'), program, dying)
      const drilled = await runEcomdb(['drill'], { cwd: shop.folder, env })
      expect(drilled.status, drilled.stdout + drilled.stderr).toBe(status)
      expect((await drillCount(shop)) - proofs).toBe(status === 13 ? 1 : 0)
    }
  })

  streams?.('rows of MEMORY tables are in no file, and named', async () => {
    await shop.session.run('CREATE TABLE bank.quick (a INT) ENGINE = MEMORY')
    expect((await shop.ecomdb('backup', 'physical')).status).toBe(0)
    await shop.session.run('INSERT INTO bank.quick VALUES (1), (2)')
    const told = await shop.ecomdb('backup', 'physical')
    expect(told.status, told.stderr).toBe(3)
    expect(told.stdout).toContain('table bank.quick is of MEMORY: its rows are in no file')
    const again = 'as of the backup: table bank.quick is of MEMORY'
    for (const command of ['drill', 'restore latest --data-dir quick --dry-run']) {
      const { status, stderr } = await shop.ecomdb(...command.split(' '), '--quiet')
      expect({ command, status }).toEqual({ command, status: 0 })
      expect(stderr).toContain(again)
    }
    await shop.session.run('DROP TABLE bank.quick')
  })

  // mariadb-backup copies tables of every engine.
  const clones = family === 'mysql' ? test : null
  clones?.('tables that CLONE would empty are refused by name', async () => {
    const engines = ['ARCHIVE', 'CSV', 'MEMORY', 'MyISAM']
    const names = engines.map((engine, at) => `${at === 0 ? 'mysql' : 'bank'}.old_${engine}`)
    for (const [at, engine] of engines.entries()) {
      await shop.session.run(`CREATE TABLE ${names[at]} (a INT NOT NULL) ENGINE = ${engine}`)
      await shop.session.run(`INSERT INTO ${names[at]} VALUES (1), (2)`)
    }
    const refused = await shop.ecomdb('backup', 'physical')
    expect(refused.status).toBe(78)
    for (const [at, engine] of engines.entries()) {
      expect(refused.stderr).toContain(`${names[at]} (${engine})`)
    }
    await shop.session.run(`DROP TABLE ${names.join()}`)
    await shop.session.run('UNINSTALL PLUGIN clone')
    const without = await shop.ecomdb('backup', 'physical')
    expect(without.status).toBe(78)
    expect(without.stderr).toContain('INSTALL PLUGIN clone')
    await shop.session.run("INSTALL PLUGIN clone SONAME 'mysql_clone.so'")
  })

  clones?.('a table that CLONE would empty, made while it runs, is refused by name', async () => {
    const before = await snapshotCount(shop)
    let [status, stderr]: [number | null, string] = [0, '']
    // A short clone may have ended before the table is there: then it is in no file of it.
    for (let tries = 0; tries < 8 && status === 0; tries += 1) {
      const { backup } = await whenCloning(shop)
      await shop.session.run('CREATE TABLE bank.meanwhile (a INT) ENGINE = MyISAM')
      ;({ status, stderr } = await backup)
      await shop.session.run('DROP TABLE bank.meanwhile')
      if (status === 0) expect(await snapshotCount(shop)).toBe(before + tries + 1)
    }
    expect([status, stderr]).toEqual([78, expect.stringContaining('bank.meanwhile (MyISAM)')])
  })

  clones?.('a signal while the server clones leaves nothing of the clone', async () => {
    const folder = join(shop.folder, 'cloned')
    await mkdir(folder)
    let ended: { status: number | null; stderr: string } = { status: 0, stderr: '' }
    // A short clone may have ended before the signal comes.
    for (let tries = 0; tries < 8 && ended.status === 0; tries += 1) {
      ended = await interruptClone(shop, folder)
    }
    expect(ended.status, ended.stderr).toBe(130)
    expect(await cloning(shop)).toBe(0)
    expect(await readdir(folder)).toEqual([])
    // A server that is left to itself goes on for a moment.
    await sleep(1000)
    expect(await readdir(folder)).toEqual([])
  })

  test('a server that dies meanwhile leaves no snapshot and no file', async () => {
    const before = await snapshotCount(shop)
    const ended =
      family === 'mysql'
        ? await killDuringClone(shop)
        : await backUpWith(shop, `head -c 2000000; kill -9 ${shop.server.pid}; cat`)
    expect([20, 30], ended.stderr).toContain(ended.status)
    expect(await snapshotCount(shop)).toBe(before)
  })
})

/** Drills that are signed. */
async function drillCount(shop: PhysicalShop): Promise<number> {
  const folder = join(shop.folder, 'backups', 'attestations')
  const names = await readdir(folder, { recursive: true }).catch((): string[] => [])
  return names.filter(name => name.endsWith('.json')).length
}

async function snapshotCount(shop: PhysicalShop): Promise<number> {
  const files = await readdir(join(shop.folder, 'backups/snapshots'), { recursive: true })
  return files.filter(name => name.endsWith('snapshot.json')).length
}

/** A local CLONE heeds no limit of bandwidth, so the server dies as soon as it says that one runs. */
async function killDuringClone(shop: PhysicalShop) {
  const { backup } = await whenCloning(shop)
  process.kill(shop.server.pid, 'SIGKILL')
  return await backup
}

/** Resolves as soon as a backup's CLONE runs, or the backup has ended. */
async function whenCloning(shop: PhysicalShop) {
  let hasEnded = false
  const backup = shop.ecomdb('backup', 'physical').finally(() => {
    hasEnded = true
  })
  while (!hasEnded && (await cloning(shop)) === 0) await sleep(5)
  return { backup }
}

/** How many CLONEs the server runs. */
async function cloning(shop: PhysicalShop): Promise<number> {
  const running = `SELECT COUNT(*) FROM performance_schema.clone_status WHERE STATE = 'In Progress'`
  return Number(await shop.session.value(running))
}

/** SIGTERM as soon as the backup's CLONE runs. */
async function interruptClone(shop: PhysicalShop, folder: string) {
  const child = spawn(
    join(packageRoot(), 'bin/ecomdb'),
    ['backup', 'physical', '--clone-folder', folder],
    { cwd: shop.folder, env: cliEnvironment(shop.folder), stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let stderr = ''
  child.stderr.on('data', part => {
    stderr += part
  })
  const closed = once(child, 'close')
  while (child.exitCode === null && (await cloning(shop)) === 0) await sleep(5)
  child.kill('SIGTERM')
  const [status] = (await closed) as [number | null]
  return { status, stderr }
}

async function backUpWith(shop: PhysicalShop, then: string) {
  const env = await wrapper(shop, real => `${real} "$@" | { ${then}; }`)
  return await runEcomdb(['backup', 'physical'], { cwd: shop.folder, env })
}

const noting = (file: string) => (real: string) => `echo "$@" > ${file}\n${real} "$@"`

const wrapper = (shop: PhysicalShop, script: (real: string) => string) =>
  wrapProgram(shop.engine, join(shop.folder, 'wrapped'), 'mariadb-backup', script)
