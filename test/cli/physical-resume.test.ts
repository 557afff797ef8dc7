import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, open, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runEcomdb } from '#test/cli'
import { dyingAt, KILLED } from '#test/dying-at'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { PhysicalShop } from '#test/physical-shop'

describe.each(SLOW_TEST_ENGINES)('%s: ecomdb restore --data-dir --resume', family => {
  let shop: PhysicalShop

  beforeAll(async () => {
    shop = await PhysicalShop.make(family)
    const made = await shop.ecomdb('backup', 'physical')
    expect(made.status, made.stderr).toBe(0)
    if (family === 'mariadb') {
      await shop.session.run("INSERT INTO bank.journal (note) VALUES ('in the increment')")
      const increment = await shop.ecomdb('backup', 'physical', '--incremental', 'latest')
      expect(increment.status, increment.stderr).toBe(0)
    }
    const rows = await shop.ecomdb('backup', 'logical')
    expect(rows.status, rows.stderr).toBe(0)
  })

  afterAll(async () => {
    await shop.remove()
  })

  const dataDir = (name: string): string[] => ['restore', 'latest', '--data-dir', name]

  const killed = async (name: string, step: string, ...more: string[]): Promise<void> => {
    const args = [...dataDir(name), ...more, '--progress=json']
    const { status, stderr } = await runEcomdb(args, { cwd: shop.folder, env: dyingAt(step) })
    expect(status, stderr).toBe(KILLED)
  }

  /** Goes on, and has each row compared with the logical snapshot. */
  const goesOn = async (name: string): Promise<string> => {
    const done = await shop.ecomdb(...dataDir(name), '--resume', '--prove')
    expect(done.status, done.stderr).toBe(0)
    expect(done.stdout).toMatch(/^content +ok .* as in logical snapshot /m)
    const left = (await readdir(join(shop.folder, name))).filter(one => one.startsWith('.ecomdb'))
    expect(left).toEqual([])
    return done.stdout
  }

  test('what is there is compared, block for block; what is not as it was is read again', async () => {
    await killed('hurt', 'applying the log')
    const refused = await shop.ecomdb(...dataDir('hurt'))
    expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining('--resume')])
    const files = join(shop.folder, 'hurt/.ecomdb-files')
    // As a power cut, a bad disk, or a server that somebody had started on them.
    const hurt = await open(join(files, 'ibdata1'), 'r+')
    await hurt.write(Buffer.from('not a page'), 0, 10, 4096)
    // Zeros from here on, which no block covers.
    const { size } = await hurt.stat()
    await hurt.write(Buffer.from('no hole'), 0, 7, size - 4000)
    await hurt.close()
    // mariadb-backup calls those `.new` that the log makes.
    const tables = (await readdir(join(files, 'bank'))).filter(name => /\.(ibd|new)$/.test(name))
    expect(tables).toHaveLength(3)
    await rm(join(files, 'bank', String(tables[0])))
    await writeFile(join(files, 'bank', String(tables[1])), 'cut off')
    await writeFile(join(files, 'bank/stranger.ibd'), "no table of the snapshot's")
    const text = await goesOn('hurt')
    const [, all, kept] =
      /^blocks +ok +(\d+) blocks?, .*; of them (\d+) were there/m.exec(text) ?? []
    expect(Number(kept)).toBeGreaterThan(0)
    expect(Number(kept)).toBeLessThan(Number(all))
    expect(existsSync(join(shop.folder, 'hurt/bank/stranger.ibd'))).toBe(false)
  })

  test('behind each later step, too', async () => {
    for (const [name, step] of [
      ['checked', 'checking pages'],
      ['flushed', 'flushing files to the disk'],
    ] as const) {
      await killed(name, step)
      expect(await goesOn(name)).toMatch(/^blocks .*; of them \d+ were there already$/m)
    }
  })

  test('files that a private server runs on are taken from it', async () => {
    await killed('served', 'reading every table', '--prove')
    expect(await readdir(join(shop.folder, 'served'))).toContain('.ecomdb-server')
    expect(await goesOn('served')).toMatch(/^blocks .*; of them \d+ were there already$/m)
  })

  test('files of another snapshot are as good as their blocks', async () => {
    await killed('older', 'applying the log')
    await shop.session.run("INSERT INTO bank.journal (note) VALUES ('later')")
    for (const method of ['physical', 'logical']) {
      expect((await shop.ecomdb('backup', method)).status).toBe(0)
    }
    await goesOn('older')
  })

  test('a server that was started on them, and is there yet, is not gone on beside', async () => {
    await killed('open', 'applying the log')
    const file = join(shop.folder, 'open/.ecomdb-files/ibdata1')
    const holder = spawn('tail', ['-f', file], { stdio: 'ignore' })
    try {
      const refused = await shop.ecomdb(...dataDir('open'), '--resume')
      expect([refused.status, refused.stderr]).toEqual([
        11,
        expect.stringContaining(`process ${holder.pid} has`),
      ])
    } finally {
      holder.kill()
    }
    await goesOn('open')
  })

  test('links that somebody has put there are not followed', async () => {
    await killed('linked', 'applying the log')
    const elsewhere = join(shop.folder, 'elsewhere')
    await mkdir(elsewhere)
    await writeFile(join(elsewhere, 'kept'), 'not ours')
    const names = ['.ecomdb-files', '.ecomdb-increments']
    for (const name of names) {
      await rm(join(shop.folder, 'linked', name), { recursive: true, force: true })
      await symlink(elsewhere, join(shop.folder, 'linked', name))
    }
    await goesOn('linked')
    expect(await readdir(elsewhere)).toEqual(['kept'])
  })

  test('a signal leaves what is there, where it was there before', async () => {
    await killed('stopped', 'applying the log')
    const args = [...dataDir('stopped'), '--resume', '--prove', '--progress=json']
    const env = dyingAt('reading every table', 'SIGINT')
    const stopped = await runEcomdb(args, { cwd: shop.folder, env })
    expect([stopped.status, stopped.stderr]).toEqual([130, expect.stringContaining('--resume')])
    expect(await goesOn('stopped')).toMatch(/^blocks .*; of them \d+ were there already$/m)
  })

  test('where nothing was cut off there is nothing to continue', async () => {
    for (const name of ['nothing', 'hurt']) {
      const { status, stderr } = await shop.ecomdb(...dataDir(name), '--resume')
      expect(status, stderr).toBe(2)
    }
    expect(existsSync(join(shop.folder, 'nothing'))).toBe(false)
  })

  test('a repository that goes away leaves what was read', async () => {
    const [here, gone] = ['backups', 'backups.gone'].map(name => join(shop.folder, name))
    const preloaded = join(shop.folder, 'go-away.mjs')
    await writeFile(preloaded, goingAway(String(here), String(gone), 'writing files'))
    const env = { NODE_OPTIONS: `--import=${pathToFileURL(preloaded)}` }
    const args = [...dataDir('away'), '--progress=json']
    const ended = await runEcomdb(args, { cwd: shop.folder, env })
    expect([ended.status, ended.stderr]).toEqual([10, expect.stringContaining('--resume')])
    expect(await readdir(join(shop.folder, 'away'))).toContain('.ecomdb-unfinished')
    await rename(String(gone), String(here))
    await goesOn('away')
  })

  test('so does one that goes away while the log is fetched', async () => {
    await shop.session.run("INSERT INTO bank.journal (note) VALUES ('in the log alone')")
    const archived = await shop.ecomdb('backup', 'binlog', '--once')
    expect(archived.status, archived.stderr).toBe(0)
    const gtids = family === 'mysql' ? '@@GLOBAL.gtid_executed' : '@@GLOBAL.gtid_binlog_pos'
    const gtid = ((await shop.session.value(`SELECT ${gtids}`)) ?? '').replaceAll('\n', '')
    const [here, gone] = ['backups', 'backups.gone'].map(name => join(shop.folder, name))
    const preloaded = join(shop.folder, 'go-away.mjs')
    await writeFile(preloaded, goingAway(String(here), String(gone), 'fetching the binary log'))
    const env = { NODE_OPTIONS: `--import=${pathToFileURL(preloaded)}` }
    const args = ['restore', '--data-dir', 'moment', '--gtid', gtid]
    const ended = await runEcomdb([...args, '--progress=json'], { cwd: shop.folder, env })
    expect([ended.status, ended.stderr]).toEqual([10, expect.stringContaining('--resume')])
    await rename(String(gone), String(here))
    const done = await shop.ecomdb(...args, '--resume', '--prove')
    expect(done.status, done.stderr).toBe(0)
    expect(done.stdout).toMatch(/^blocks .*; of them \d+ were there already$/m)
  })
})

/** A disk that is unplugged as soon as the process has said a text. */
const goingAway = (from: string, to: string, text: string): string => `
import { existsSync, renameSync } from 'node:fs'
const write = process.stderr.write.bind(process.stderr)
process.stderr.write = (...args) => {
  const written = write(...args)
  if (String(args[0]).includes('${text}') && existsSync('${from}')) renameSync('${from}', '${to}')
  return written
}
`
