import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BinlogArchive } from '#repository/binlog-archive'
import { openDirectoryTarget } from '#target/dir/directory-target'
import { runEcomdb } from '#test/cli'
import { TEST_ENGINES } from '#test/engines'
import { archivedLog, serverLog } from '#test/log-bytes'
import { logWords } from '#test/log-words'
import { LEDGER, LoggedShop, Writers } from '#test/logged-shop'
import { makeFolder } from '#test/temporary'
import { wrapProgram } from '#test/wrapped-program'

describe.each(TEST_ENGINES)('%s: ecomdb backup binlog', family => {
  let folder: string
  let shop: LoggedShop

  beforeAll(async () => {
    folder = await makeFolder()
    shop = await LoggedShop.make(family, folder)
    await shop.run(...LEDGER)
    const backup = await shop.ecomdb(['backup', 'logical', '--quiet'])
    expect(backup.status, backup.stderr).toBe(0)
  })

  afterAll(async () => {
    await shop?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  /** What is archived is what the server has, byte for byte. */
  async function expectWhole(): Promise<void> {
    // MariaDB notes by itself, a moment after a rotation, which older files it no longer needs.
    let [archived, written] = [{}, {}]
    for (let looks = 30; looks > 0; looks -= 1) {
      const last = await once()
      expect(last.status, last.stderr).toBe(0)
      ;[archived, written] = [digests(await archivedLog(shop)), digests(await serverLog(shop))]
      if (isDeepStrictEqual(archived, written)) break
      await sleep(500)
    }
    expect(archived).toEqual(written)
  }

  const once = () => shop.ecomdb(['backup', 'binlog', '--once', '--quiet'])

  test('killed again and again under load, and the server restarted: no gap, nothing twice', async () => {
    const writers = new Writers(shop, 8)
    let follower = shop.follow({}, '--segment-seconds', '1')
    try {
      for (let round = 0; round < 4; round += 1) {
        // While it starts, or while it follows, where it makes a segment each second.
        if (round % 2 === 0) await follower.following(1)
        await sleep(Math.random() * 1200)
        follower.kill('SIGKILL')
        await follower.ended
        follower = shop.follow({}, '--segment-seconds', '1')
      }
      await follower.following(1)
      const second = await once()
      expect(second.status, second.stderr).toBe(11)
      expect(second.stderr).toContain('code: LOCKED (exit 11)')
      await shop.restart()
      const before = writers.committed
      await writers.untilCommitted(before + 200)
      await expect.poll(follower.output).toContain('trying again')
      await follower.following(2)
      follower.kill('SIGTERM')
      expect(await follower.ended).toBe(130)
    } finally {
      follower.kill('SIGKILL')
      await writers.stop()
    }
    await expectWhole()
    const window = await shop.ecomdb(['backup', 'window', '--json'])
    expect(window.status, window.stdout).toBe(0)
    expect(window.json().result.sources[0].stretches).toHaveLength(1)
  })

  test('the program that reads the log is killed: never exit 0, no gap, nothing twice', async () => {
    const program = family === 'mysql' ? 'mysqlbinlog' : 'mariadb-binlog'
    const note = join(folder, 'reader')
    const wrapped = (script: (real: string) => string) =>
      wrapProgram(shop.engine, join(folder, 'wrapped'), program, script)
    // It has read the first of several files.
    const part = await wrapped(real => `${real} "\${@/--to-last-log/--raw}"; kill -9 $$`)
    const writers = new Writers(shop, 2)
    await writers.untilCommitted(100)
    const config = ['--config', join(folder, 'ecomdb.yaml')]
    const killed = await runEcomdb(['backup', 'binlog', '--once', ...config], {
      env: { ...shop.environment(), ...part },
    })
    expect([killed.status, killed.stderr]).toEqual([30, expect.stringContaining('SIGKILL')])
    const env = await wrapped(real => `echo $$ > ${note}; exec ${real} "$@"`)
    const follower = shop.follow(env, '--segment-seconds', '1')
    await follower.following(1)
    await writers.untilCommitted(writers.committed + 100)
    process.kill(Number(await readFile(note, 'utf8')), 'SIGKILL')
    await expect.poll(follower.output).toMatch(/SIGKILL.*trying again/)
    await follower.following(2)
    follower.kill('SIGTERM')
    expect(await follower.ended).toBe(130)
    await writers.stop()
    await expectWhole()
  })

  test('what a killed run had not stored is stored by the next as soon as it has come', async () => {
    const size = (): Promise<number> => archivedBytes(shop)
    expect((await once()).status).toBe(0)
    let follower = shop.follow({}, '--segment-seconds', '3600')
    try {
      for (const round of [1, 2]) {
        await follower.following(1)
        await sleep(1000)
        const before = await size()
        await shop.run(`INSERT INTO shop.victim VALUES (9, ${round}, 'held')`)
        await sleep(1000)
        expect(await size()).toBe(before)
        follower.kill('SIGKILL')
        await follower.ended
        follower = shop.follow({}, '--segment-seconds', '3600')
        await expect.poll(size, { timeout: 20_000 }).toBeGreaterThan(before)
      }
    } finally {
      follower.kill('SIGKILL')
      await follower.ended
    }
  })

  test('a segment that is missing, exchanged, edited or another source’s is named, and not used', async () => {
    const [names] = await segmentsOf(shop)
    const at = (index: number): string => names?.[index] ?? ''
    const refused = async (): Promise<string> => {
      const window = await shop.ecomdb(['backup', 'window'])
      expect(window.status, window.stdout).toBe(3)
      return window.stdout
    }
    await rename(at(2), `${at(2)}.away`)
    expect(await refused()).toMatch(/REFUSED .* after 2 segments: segment 3 is missing/)
    await rename(at(3), at(2))
    expect(await refused()).toMatch(/REFUSED .* after 2 segments: .* it is segment 4 of stretch/)
    await rename(at(2), at(3))
    await rename(`${at(2)}.away`, at(2))
    const bytes = await readFile(at(2), 'utf8')
    await writeFile(at(2), bytes.replace(/"payload":"..../, '"payload":"AAAA'))
    expect(await refused()).toMatch(/REFUSED .* after 2 segments: .* the file was changed/)
    await writeFile(at(2), bytes)
    const whole = await shop.ecomdb(['backup', 'window'])
    expect(whole.status, whole.stdout).toBe(0)
  })

  test('bytes of a segment that are lost, cut or rotten are named: by window, verify and copy', async () => {
    const disk = join(folder, 'disk')
    await mkdir(disk)
    const prepared = await shop.ecomdb(['target', 'prepare', disk, '--label', 'a', '--same-disk'])
    expect(prepared.status, prepared.stderr).toBe(0)
    const verify = (...more: string[]) => shop.ecomdb(['backup', 'verify', '--all', ...more])
    const copy = () => shop.ecomdb(['backup', 'copy', '--to', disk])
    const whole = await verify()
    expect([whole.status, whole.stdout]).toEqual([
      0,
      expect.stringContaining('binary log  verified'),
    ])
    const [path = ''] = await storedBytes(shop.place.path)
    const bytes = await readFile(path)
    const name = path.slice(shop.place.path.length + 1)

    await rm(path)
    const window = await shop.ecomdb(['backup', 'window'])
    expect(window.status, window.stdout).toBe(3)
    expect(window.stdout).toContain(`UNREADABLE  ${name}: it is missing`)
    expect(window.stdout).toMatch(/GAP .* to now: segment \d+ of the archive cannot be read/)
    const lost = await verify()
    expect([lost.status, lost.stdout]).toEqual([
      13,
      expect.stringContaining(`  ${name}: it is missing`),
    ])
    const without = await copy()
    expect(without.status, without.stdout).toBe(13)
    expect(without.stdout).toContain(`NOT COPIED  ${name}: it is missing`)
    expect((await copy()).status).toBe(13)
    expect((await shop.ecomdb(['backup', 'window', '--target', disk])).status).toBe(3)

    await writeFile(path, Buffer.from(bytes).fill(7, 250, 251))
    expect((await shop.ecomdb(['backup', 'window'])).status).toBe(0)
    expect((await verify()).status).toBe(13)
    const rotten = await copy()
    expect([rotten.status, rotten.stdout]).toEqual([
      13,
      expect.stringContaining(`NOT COPIED  ${name}`),
    ])

    await writeFile(path, bytes)
    const healed = await copy()
    expect(healed.status, healed.stdout).toBe(0)
    expect((await verify('--from', disk)).status).toBe(0)
    await writeFile(join(disk, name), bytes.subarray(0, 99))
    expect((await verify('--from', disk)).status).toBe(13)
    expect((await copy()).status).toBe(0)
    const again = await verify('--from', disk)
    expect([again.status, again.stdout]).toEqual([
      0,
      expect.stringContaining('binary log  verified'),
    ])
    expect((await shop.ecomdb(['backup', 'window', '--target', disk])).status).toBe(0)

    const later = ['restore', '--at', '2099-01-01 00:00:00Z', '--dry-run']
    const refused = await shop.ecomdb([...later, '--from', disk])
    expect(refused.status, refused.stderr).toBe(10)
    expect(refused.stderr).toContain('this is a copy, as of when it was last copied to')
    expect(refused.stderr).not.toContain('backup binlog --once')
  })

  test('a log that holds statements only is refused: run again they may give other rows', async () => {
    await shop.run("SET GLOBAL binlog_format = 'STATEMENT'")
    try {
      const refused = await once()
      expect(refused.status).toBe(78)
      expect(refused.stderr).toContain('binlog_format is STATEMENT')
    } finally {
      await shop.run(`SET GLOBAL binlog_format = ${family === 'mysql' ? "'ROW'" : "'MIXED'"}`)
    }
  })

  test('the server purged what was not archived: status 13 says what is lost, once; then a gap', async () => {
    await shop.run('FLUSH BINARY LOGS', 'INSERT INTO shop.victim VALUES (1, 1, 1)')
    await shop.run('FLUSH BINARY LOGS', 'INSERT INTO shop.victim VALUES (1, 2, 1)')
    const lost = String(await shop.value('SELECT UTC_TIMESTAMP()'))
    await shop.run('FLUSH BINARY LOGS', 'INSERT INTO shop.victim VALUES (1, 3, 1)')
    const newest = (await shop.rows('SHOW BINARY LOGS')).at(-1)?.['Log_name']
    // A killed reader counts as one until the server notices, and its file is not purged.
    do await shop.run(`PURGE BINARY LOGS TO '${newest}'`, 'DO SLEEP(0.1)')
    while ((await shop.rows('SHOW BINARY LOGS'))[0]?.['Log_name'] !== newest)
    const gap = await once()
    expect(gap.status, gap.stderr).toBe(13)
    expect(gap.stderr).toMatch(/error: the binary log from 20\S+Z to 20\S+Z is lost/)
    expect(gap.stderr).toContain('take a new snapshot now')
    const next = await once()
    expect(next.status, next.stderr).toBe(0)
    const window = await shop.ecomdb(['backup', 'window'])
    expect(window.status).toBe(3)
    expect(window.stdout).toMatch(/GAP .* to now: the server had purged/)
    const inGap = ['restore', '--at', lost, '--time-zone', 'UTC', '--dry-run']
    const refused = await shop.ecomdb(inGap)
    expect(refused.status, refused.stderr).toBe(10)
    expect(refused.stderr).toContain('code: OUTSIDE_WINDOW (exit 10)')
    const backup = await shop.ecomdb(['backup', 'logical', '--quiet'])
    expect(backup.status, backup.stderr).toBe(0)
    expect((await once()).status).toBe(0)
    const after = await shop.ecomdb(['backup', 'window'])
    expect(after.stdout).toMatch(/GAP .* to 20\S+Z: the server had purged/)
  })

  test('an account of its own, over TCP, with a password that no shell would take', async () => {
    const password = `a"b'c\\d #e;$(f)\`g`
    const account = "'archiver'@'127.0.0.1'"
    const monitor = family === 'mysql' ? 'REPLICATION CLIENT' : 'BINLOG MONITOR'
    await shop.run(
      `CREATE USER ${account} IDENTIFIED BY '${password.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`,
    )
    const { port } = shop.source
    const environment = {
      ECOMDB_HOST: '127.0.0.1',
      ECOMDB_PORT: String(port),
      ECOMDB_USER: 'archiver',
      ECOMDB_PASSWORD: password,
      ECOMDB_STATE: join(folder, 'state'),
    }
    const archive = () =>
      runEcomdb(['backup', 'binlog', '--once', '--config', join(folder, 'ecomdb.yaml')], {
        env: environment,
      })
    const poor = await archive()
    expect(poor.status, poor.stderr).toBe(21)
    expect(poor.stderr).toContain(`GRANT REPLICATION SLAVE, ${monitor} ON *.*`)
    await shop.run(`GRANT REPLICATION SLAVE, ${monitor} ON *.* TO ${account}`)
    // As an earlier version named the folder of a run, which was killed long ago; no process has this number.
    const killed = join(folder, 'state', 'binlog', '999999999-0123abcd')
    await mkdir(killed, { recursive: true })
    await utimes(killed, 0, 0)
    const rich = await archive()
    expect(rich.status, rich.stderr).toBe(0)
    expect(await readdir(join(folder, 'state', 'binlog'))).toEqual([])
  })

  test('the log was reset: another history under the same name is not taken for the old one', async () => {
    const statement = logWords(shop.source.version).reset
    await shop.run(statement, 'INSERT INTO shop.victim VALUES (2, 1, 1)')
    const reset = await once()
    expect(reset.status, reset.stderr).toBe(13)
    expect(reset.stderr).toContain('or this is another server')
    expect((await once()).status).toBe(0)
    // Again, and longer: where the archive ends another event lies, or the middle of one.
    const row = `(3, 1, '${'x'.repeat(150)}'), (3, 2, '${'y'.repeat(99)}')`
    await shop.run(statement, `INSERT INTO shop.victim VALUES ${row}`, 'DELETE FROM shop.victim')
    const again = await once()
    expect(again.status, again.stderr).toBe(13)
    expect((await once()).status).toBe(0)
  })

  test('a new dedup key begins the archive anew, and is named', async () => {
    await writeFile(shop.place.config.dedupKeyFile, `${randomBytes(32).toString('base64')}\n`)
    const other = await once()
    expect([other.status, other.stderr]).toEqual([
      13,
      expect.stringContaining('where the dedup key was made anew'),
    ])
    expect((await once()).status).toBe(0)
  })
})

async function archivedBytes(shop: LoggedShop): Promise<number> {
  const archive = await BinlogArchive.open(openDirectoryTarget(shop.place.path))
  const { stretches } = await archive.stretches((await shop.place.access()).trustedSigners)
  const segments = stretches.flatMap(one => one.segments)
  return segments.reduce((sum, { from, to }) => sum + to - from, 0)
}

const digests = (files: ReadonlyMap<string, Buffer>): Record<string, string> =>
  Object.fromEntries([...files].map(([name, bytes]) => [name, digest(bytes)]))

const digest = (bytes: Buffer): string =>
  `${bytes.length} bytes, ${createHash('sha256').update(bytes).digest('hex')}`

/** Paths of the segments' bytes, the newest first. */
async function storedBytes(repository: string): Promise<string[]> {
  const folder = join(repository, 'binlog')
  const names = await readdir(folder, { recursive: true })
  const bytes = names.filter(name => name.endsWith('.age')).sort()
  // Those of a run that was killed before it had written their envelope count for nothing.
  const stored = bytes.filter(name => names.includes(name.replace(/\.[0-9a-f]{16}\.age$/, '.json')))
  return stored.reverse().map(name => join(folder, name))
}

/** Paths of the envelopes of each stretch, in order. */
async function segmentsOf(shop: LoggedShop): Promise<string[][]> {
  const folder = join(shop.place.path, 'binlog')
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries
    .filter(entry => entry.isFile() && entry.name.endsWith('.json'))
    .map(entry => join(entry.parentPath, entry.name))
    .sort()
  const stretches = [...new Set(files.map(file => join(file, '..')))]
  return stretches.map(stretch => files.filter(file => file.startsWith(`${stretch}/`)))
}
