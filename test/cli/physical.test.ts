import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chown, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runEcomdb } from '#test/cli'
import { dyingAt, KILLED } from '#test/dying-at'
import { TEST_ENGINES } from '#test/engines'
import { PhysicalShop } from '#test/physical-shop'
import { followRecipe, inShell } from '#test/recipe'

describe.each(TEST_ENGINES)('%s: ecomdb backup physical', family => {
  let shop: PhysicalShop
  /** The objects of the first snapshot: names in objects/. */
  let firstHas: string[]

  beforeAll(async () => {
    shop = await PhysicalShop.make(family)
  })

  afterAll(async () => {
    await shop.remove()
  })

  test('under writers and a long query: what is restored is what the log had at the position', async () => {
    const long = await shop.engine.connect(shop.server.administrator)
    const query = long.rows('SELECT SLEEP(600) FROM bank.accounts').then(
      () => 'it ended by itself',
      () => 'killed',
    )
    const done = await shop.whileWriting(() => shop.ecomdb('backup', 'physical', '--json'), 4)
    expect(done.status, done.stderr).toBe(0)
    await shop.session.run(`KILL CONNECTION ${long.connectionId}`)
    expect(await query).toBe('killed')
    await long.close()
    const { result } = done.json()
    // CLONE itself says nothing of it; ecomdb looks.
    expect(result.lockedMs).toBeGreaterThanOrEqual(family === 'mysql' ? 1 : 0)
    expect(result.lockedMs).toBeLessThan(10_000)
    firstHas = await objectsOf(shop)
    // CLONE and mariadb-backup let InnoDB's writers go on; a busy machine alone takes a second.
    expect(shop.written.transactions).toBeGreaterThan(50)
    expect(shop.written.longestMs).toBeLessThan(10_000)
    expect(result).toMatchObject({ engine: family, base: null, findings: [] })
    await shop.engine.scratchServers.claim(join(shop.folder, 'restored'))
    const restored = await shop.ecomdb('restore', 'latest', '--data-dir', 'restored/data', '--json')
    expect(restored.status, restored.stderr).toBe(0)
    expect(restored.json().result).toMatchObject({
      position: result.position,
      chain: [result.snapshotId],
      outcome: { checks: [{ outcome: 'passed' }, { outcome: 'passed' }] },
    })
    const { mode } = await stat(join(shop.folder, 'restored/data/ibdata1'))
    expect((mode & 0o777).toString(8)).toBe(family === 'mysql' ? '640' : '660')
    const journaled = await shop.journaledAt(result.position)
    expect(journaled).toBeGreaterThan(0)
    await shop.onRestored('restored', async session => {
      expect(await session.value('SELECT COUNT(*) FROM bank.journal')).toBe(String(journaled))
      expect(await session.value('SELECT MAX(id) FROM bank.journal')).toBe(String(journaled))
      expect(await session.value('SELECT sum FROM bank.total')).toBe('2000')
      expect(await session.value('SELECT balance FROM bank.accounts WHERE id = 1')).toBe(
        String(1000 - journaled),
      )
      expect(await session.value('SELECT COUNT(*) FROM bank.`odd name/é`')).toBe('3')
    })
  })

  test('a second one stores what has changed; list, show and verify know both', async () => {
    const done = await shop.ecomdb('backup', 'physical', '--json')
    const { blocks, stored } = done.json().result
    // Of a server so small, most blocks hold something that each start changes.
    expect(blocks.usedAgain).toBeGreaterThan(10)
    expect(stored.reused).toBeGreaterThan(0)
    const { snapshots } = (await shop.ecomdb('backup', 'list', '--json')).json().result
    expect(snapshots).toMatchObject([{ method: 'physical' }, { method: 'physical', base: null }])
    // Not that the second has fewer bytes: the first took its point early among the writers.
    expect(snapshots[1].newBytes).toBeGreaterThan(0)
    expect((await shop.ecomdb('backup', 'list')).stdout).toMatch(/ physical +m\S+ \S+ +- +- /)
    const shown = await shop.ecomdb('backup', 'show')
    expect(shown.stdout).toMatch(/copied by (mariadb-backup|CLONE)/)
    expect(shown.stdout).toMatch(/^databases bank$/m)
    const verified = await shop.ecomdb('backup', 'verify', '--all', '--deep', '--json')
    expect(verified.status, verified.stdout).toBe(0)
    const { blocks: compared } = verified.json().result.snapshots[1]
    expect(compared).toBeGreaterThan(blocks.newBlocks)
    expect(compared).toBeLessThanOrEqual(blocks.newBlocks + blocks.usedAgain)
  })

  test('what a killed backup left, its private server too, is gone when the next one begins', async () => {
    const step = family === 'mysql' ? 'starting a private server' : 'compressing'
    const killed = await runEcomdb(['backup', 'physical', '--progress=json'], {
      cwd: shop.folder,
      env: { ...dyingAt(step), ECOMDB_STATE: join(shop.folder, 'state') },
    })
    expect(killed.status, killed.stderr).toBe(KILLED)
    const folder = join(shop.folder, 'state', 'physical')
    const left = (await readdir(folder)).find(name => name.startsWith('clone-'))
    if (family === 'mysql') {
      // All rows are in it, and so may be a server without grants.
      const started = await shop.engine.scratchServers.start({
        folder: join(folder, left ?? ''),
        tcp: false,
        purpose: 'drill',
        serverOptions: ['--skip-grant-tables'],
      })
      expect(started.pid).toBeGreaterThan(0)
    }
    const again = await runEcomdb(['backup', 'physical'], {
      cwd: shop.folder,
      env: { ECOMDB_STATE: join(shop.folder, 'state') },
    })
    expect(again.status, again.stderr).toBe(0)
    expect(await readdir(folder)).toEqual([])
    if (left) expect(await shop.engine.scratchServers.status(join(folder, left))).toBe(null)
  })

  test('a drill compares with a logical snapshot of the same position, or says that it did not', async () => {
    const alone = await shop.ecomdb('drill', '--json')
    expect(alone.status, alone.stderr).toBe(0)
    expect(outcomes(alone.json().result)).toMatchObject({
      ...{ blocks: 'passed', pages: 'passed', start: 'passed', tables: 'passed' },
      ...{ content: 'unchecked', gtids: family === 'mysql' ? 'passed' : 'unchecked' },
    })
    // The running server takes 16 values for these rows, and a restarted one goes on behind the tenth.
    await shop.session.run('CREATE TABLE bank.taken (id INT AUTO_INCREMENT PRIMARY KEY, n INT)')
    await shop.session.run(
      `INSERT INTO bank.taken (n) ${Array(10).fill('SELECT 1').join(' UNION ALL ')}`,
    )
    await shop.session.run('CREATE TABLE bank.undone (id INT AUTO_INCREMENT PRIMARY KEY, n INT)')
    expect((await shop.ecomdb('backup', 'logical')).status).toBe(0)
    // No log and no position tells of rows that were rolled back, and the next value is another.
    await shop.session.run('START TRANSACTION')
    await shop.session.run('INSERT INTO bank.undone (n) VALUES (1), (2), (3)')
    await shop.session.run('ROLLBACK')
    const { snapshotId } = (await shop.ecomdb('backup', 'physical', '--json')).json().result
    const drilled = await shop.ecomdb('drill', snapshotId, '--json')
    expect(drilled.status, drilled.stdout).toBe(0)
    const compared = drilled.json().result
    expect(outcomes(compared)).toMatchObject({
      ...{ content: 'passed', rows: 'passed', views: 'passed' },
      ...{ definitions: 'passed', counters: 'unchecked' },
    })
    expect(JSON.stringify(compared)).toContain('`bank`.`taken` (11, not 16)')
    expect(JSON.stringify(compared)).toContain('`bank`.`undone` (4, not 1)')
    await shop.session.run('DROP TABLE bank.taken, bank.undone')
    expect(compared.tables).toBe(5)
    expect((await shop.ecomdb('backup', 'logical')).status).toBe(0)
    const last = await shop.ecomdb('restore', 'latest', '--data-dir', 'new', '--dry-run', '--json')
    expect(last.json().result.snapshotId).toBe(snapshotId)
    const { snapshots } = (await shop.ecomdb('backup', 'list', '--json')).json().result
    const [newest] = snapshots.slice(-1)
    expect(last.json().warnings).toEqual([
      expect.stringMatching(
        `^the latest physical snapshot .*${snapshotId}; a logical one is newer, ${newest.snapshotId}`,
      ),
    ])
    const named = await shop.ecomdb('restore', newest.snapshotId, '--data-dir', 'new')
    expect(named.stderr).toContain('is a logical snapshot, and has no data files')
    const rows = (await shop.ecomdb('restore', snapshotId, '--confirm', 'bank')).stderr
    expect(rows).toContain('--data-dir')
  })

  if (family === 'mariadb') {
    test('an account without the rights is told which, and its hash is shown to nobody', async () => {
      await shop.session.run("CREATE USER weak@localhost IDENTIFIED BY 'Secret-of-weak1!'")
      const grants = await shop.session.value('SHOW GRANTS FOR weak@localhost')
      const hash = /'(\*[0-9A-F]{40})'/.exec(String(grants))?.[1]
      const password = join(shop.folder, 'weak.password')
      await writeFile(password, 'Secret-of-weak1!\n', { mode: 0o600 })
      const refused = await runEcomdb(['backup', 'physical', '--json'], {
        cwd: shop.folder,
        env: { ECOMDB_USER: 'weak', ECOMDB_PASSWORD_FILE: password },
      })
      await shop.session.run('DROP USER weak@localhost')
      expect([refused.status, refused.json().error]).toMatchObject([
        21,
        {
          code: 'PRIVILEGE_MISSING',
          why: 'mariadb-backup says that it lacks RELOAD, PROCESS on *.*',
          hints: [
            'as an administrator: GRANT RELOAD, PROCESS ON *.* TO the account',
            expect.stringContaining('doctor'),
          ],
        },
      ])
      expect(hash).toHaveLength(41)
      expect(refused.stdout + refused.stderr).not.toContain(hash)
    })
  }

  // MariaDB's backup makes no clone.
  if (family === 'mysql') {
    test('a clone folder that is not there is said, and no bug', async () => {
      const refused = await shop.ecomdb('backup', 'physical', '--clone-folder', 'none', '--json')
      expect(refused.status).toBe(30)
      expect(refused.json().error).toMatchObject({
        code: 'STORAGE_FAILED',
        what: expect.stringMatching(/^cannot make a folder for the clone in .*none$/),
      })
    })
  }

  test('a directory that holds anything is refused, and stays as it is', async () => {
    const full = join(shop.folder, 'full')
    await mkdir(full)
    await writeFile(join(full, 'ibdata1'), 'live')
    const [physical] = (await shop.ecomdb('backup', 'list', '--json')).json().result.snapshots
    const refused = await shop.ecomdb('restore', physical.snapshotId, '--data-dir', 'full')
    expect(refused.status).toBe(2)
    expect(refused.stderr).toContain('it holds ibdata1')
    expect(await readFile(join(full, 'ibdata1'), 'utf8')).toBe('live')
    // A server takes what is in its data directory for its own; a repository is carried away.
    await symlink(join(shop.server.folder, 'data'), join(full, 'link'))
    for (const inside of [
      join(shop.server.folder, 'data/new/deep'),
      'backups/new',
      'full/link/x',
    ]) {
      const asked = ['restore', physical.snapshotId, '--data-dir', inside]
      const within = await shop.ecomdb(...asked, ...(inside === 'backups/new' ? [] : ['--dry-run']))
      expect([within.status, within.stderr]).toEqual([2, expect.stringMatching(/ lies in \S+/)])
    }
    expect(existsSync(join(shop.folder, 'backups/new'))).toBe(false)
    const plan = await shop.ecomdb('restore', physical.snapshotId, '--data-dir', 'x', '--dry-run')
    expect(plan.stdout).toContain('would restore')
    expect(existsSync(join(shop.folder, 'x'))).toBe(false)
  })

  test('what a killed restore left is told from a data directory, and is removed when asked', async () => {
    const [physical] = (await shop.ecomdb('backup', 'list', '--json')).json().result.snapshots
    const again = ['restore', physical.snapshotId, '--data-dir', 'cut']
    // As in the root of a mounted file system.
    const lost = join(shop.folder, 'cut', 'lost+found')
    await mkdir(lost, { recursive: true, mode: 0o700 })
    const found = await stat(lost)
    // It has files to check by then.
    const killed = await runEcomdb([...again, '--progress=json'], {
      cwd: shop.folder,
      env: dyingAt('applying the log'),
    })
    const refused = await shop.ecomdb(...again)
    expect([killed.status, refused.status], killed.stderr).toEqual([KILLED, 2])
    expect(refused.stderr).toContain('of a restore that was cut off')
    // While a process writes there, nobody else does, whatever is asked for.
    const mark = join(shop.folder, 'cut', '.ecomdb-unfinished')
    const dead = await readFile(mark, 'utf8')
    await writeFile(mark, `${hostname()} ${process.pid}\n`)
    const running = await shop.ecomdb(...again, '--start-over')
    expect([running.status, running.stderr]).toEqual([
      11,
      expect.stringContaining(`process ${process.pid} began it and has not ended`),
    ])
    await writeFile(mark, dead)
    expect((await shop.ecomdb('restore', 'latest', '--data-dir', '')).status).toBe(2)
    // Of two at once one gets it; the other finds it taken, or whole.
    const both = await Promise.all([0, 1].map(() => shop.ecomdb(...again, '--start-over')))
    const [first, second] = both.map(({ status }) => status).sort((a, b) => a - b)
    expect(first, both.map(({ stderr }) => stderr).join()).toBe(0)
    expect([2, 11]).toContain(second)
    const whole = await readdir(join(shop.folder, 'cut'))
    expect(whole).not.toContain('.ecomdb-unfinished')
    expect(whole).toContain('ibdata1')
    expect(whole.filter(name => name.startsWith('.ecomdb'))).toEqual([])
    // No other owner or mode for a while, neither.
    expect(await stat(lost)).toMatchObject({ ino: found.ino, ctimeMs: found.ctimeMs })
    // A data directory that is whole is nobody's to remove.
    expect((await shop.ecomdb(...again, '--start-over')).status).toBe(2)
  })

  test.runIf(process.getuid?.() === 0)(
    'of a link to a directory, all is that one’s owner’s',
    async () => {
      const owners = join(shop.folder, 'owners')
      await mkdir(join(owners, 'data'), { recursive: true })
      await chown(owners, 65_534, 65_534)
      await symlink(join(owners, 'data'), join(shop.folder, 'linked'))
      const restored = await shop.ecomdb('restore', 'latest', '--data-dir', 'linked', '--json')
      expect(restored.status, restored.stderr).toBe(0)
      expect(restored.json().result.outcome.owner).toBe(65_534)
      for (const name of ['', 'ibdata1']) {
        expect((await stat(join(owners, 'data', name))).uid, name).toBe(65_534)
      }
    },
  )

  test('RESTORE.md brings the same files back without ecomdb', async () => {
    const [{ snapshotId }] = (await shop.ecomdb('backup', 'list', '--json')).json().result.snapshots
    const unpacked = join(shop.folder, 'by-hand')
    // As in the root of a mounted file system.
    await mkdir(join(unpacked, 'lost+found'), { recursive: true })
    const followed = await followRecipe(join(shop.folder, 'backups'), 'physical', {
      home: shop.folder,
      IDENTITY: 'keys/operations.identity',
      WORK: 'work',
      DATA: 'by-hand',
      SNAPSHOT: snapshotId,
      ...(family === 'mariadb'
        ? { MARIADB_BACKUP: inShell(shop.engine.installation().program('mariadb-backup')) }
        : {}),
    })
    expect(followed.status, followed.stderr).toBe(0)
    expect(await readdir(join(shop.folder, 'work'))).toEqual([])
    expect((await readdir(unpacked)).filter(name => /^\.|backup/.test(name))).toEqual([])
    const left = await shop.ecomdb('offboard', 'ann', '--account', 'ann@%', '--confirm', 'ann')
    expect(left.status, left.stderr).toBe(0)
    const place = await shop.engine.scratchServers.claim(join(shop.folder, 'ours'))
    const ours = await shop.ecomdb('restore', snapshotId, '--data-dir', 'ours/data', '--json')
    expect(ours.status, ours.stderr).toBe(3)
    for (const name of ['bank', 'mysql']) {
      const folders = [join(place, 'data', name), join(unpacked, name)]
      expect(spawnSync('diff', ['-r', ...folders]).stdout.toString()).toBe('')
    }
    // What it says at last is what a server needs, and nothing that one does not take.
    const [, needed = ''] = followed.stdout.split('below [mysqld]:\n')
    const options = needed.trimEnd().split('\n')
    expect(options).toContain('innodb_page_size=16384')
    // Ann has left since: the server drops her account before it lets anybody in.
    const { initFile, leavers, findings } = ours.json().result
    expect(leavers).toEqual(['ann'])
    expect(findings).toEqual([
      expect.stringContaining(`start the server with --init-file=${initFile}`),
    ])
    const server = await shop.engine.scratchServers.start({
      folder: place,
      tcp: false,
      purpose: 'sandbox',
      asItIs: true,
      administrator: shop.server.administrator,
      serverOptions: [`--init-file=${initFile}`, ...options.map(option => `--${option}`)],
    })
    const root = await shop.engine.connect(server.administrator)
    expect(await root.value("SELECT COUNT(*) FROM mysql.user WHERE user = 'ann'")).toBe('0')
    await root.close()
    await shop.engine.scratchServers.remove(place)
  })

  if (family === 'mariadb') {
    test('tables whose files lie elsewhere are refused by name', async () => {
      const away = join(shop.folder, 'away')
      await mkdir(away)
      for (const engine of ['MyISAM', 'Aria', 'InnoDB']) {
        const root = await shop.engine.connect(shop.server.administrator)
        const place = engine === 'MyISAM' ? 'INDEX DIRECTORY' : 'DATA DIRECTORY'
        await root.run(
          `CREATE TABLE bank.away (i INT PRIMARY KEY) ENGINE = ${engine} ${place} = '${away}'`,
        )
        const refused = await shop.ecomdb('backup', 'physical')
        await root.run('DROP TABLE bank.away')
        await root.close()
        expect(refused.status, engine).toBe(78)
        expect(refused.stderr).toMatch(/outside of the data directory\n.*bank\/away\./)
      }
    })
  }

  test('a block that was tampered with is found by verify, restore and drill', async () => {
    const { snapshots } = (await shop.ecomdb('backup', 'list', '--json')).json().result
    const { snapshotId } = snapshots[0]
    const object = await largestObject(shop, firstHas)
    spawnSync('dd', [`of=${object}`, 'bs=1', 'seek=3000', 'conv=notrunc'], { input: 'x' })
    expect((await shop.ecomdb('backup', 'verify', snapshotId)).status).toBe(13)
    const restored = await shop.ecomdb('restore', snapshotId, '--data-dir', 'torn')
    expect(restored.status, restored.stderr).toBe(13)
    expect(restored.stderr).toContain('code: OBJECT_DAMAGED')
    expect(existsSync(join(shop.folder, 'torn'))).toBe(false)
    const drilled = (await shop.ecomdb('drill', snapshotId, '--json')).json()
    expect(drilled.status).toBe(13)
    expect(outcomes(drilled.result)).toMatchObject({ restore: 'failed' })
    const root = await shop.engine.connect(shop.server.administrator)
    await root.run('CREATE DATABASE ecomdb_audit')
    await root.run('CREATE TABLE ecomdb_audit.trail (id INT PRIMARY KEY) ENGINE = InnoDB')
    await root.close()
    const healed = (await shop.ecomdb('backup', 'physical', '--json')).json().result
    expect(healed.blocks.newBlocks).toBeGreaterThan(2)
    expect((await shop.ecomdb('backup', 'verify', 'latest')).status).toBe(0)
    // A trail comes back older than its anchors, and no server runs that could say so in it.
    const old = await shop.ecomdb('restore', 'latest', '--data-dir', 'old', '--dry-run')
    expect(old.status, old.stderr).toBe(3)
    expect(old.stdout).toContain('FINDING: the files bring an audit trail back')
  })
})

function outcomes(report: { checks: { name: string; outcome: string }[] }) {
  return Object.fromEntries(report.checks.map(({ name, outcome }) => [name, outcome]))
}

function objectsOf(shop: PhysicalShop): Promise<string[]> {
  return readdir(join(shop.folder, 'backups/objects'), { recursive: true })
}

async function largestObject(shop: PhysicalShop, names: string[]): Promise<string> {
  const files = await Promise.all(
    names.map(async name => {
      const path = join(shop.folder, 'backups/objects', name)
      return { path, size: (await stat(path)).size }
    }),
  )
  return files.sort((a, b) => b.size - a.size)[0]?.path ?? ''
}
