import { appendFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { generateIdentity } from '#crypto/key-files'
import { runEcomdb } from '#test/cli'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { LoggedShop, startLogged } from '#test/logged-shop'
import { startScheduler } from '#test/scheduler-process'
import { withOwnDatabase } from '#test/servers'
import { contentsOf } from '#test/stored-repository'
import { withFolder } from '#test/temporary'

test.each(SLOW_TEST_ENGINES)(
  '%s: every key is rotated; old snapshots open, verify and drill; new ones are for the new keys',
  family =>
    withFolder(folder =>
      withOwnDatabase(family, async ({ server, session, database }) => {
        // All that a command writes is below the folder, where it can be looked through.
        const [TMPDIR, ECOMDB_STATE] = [join(folder, 'tmp'), join(folder, 'state')]
        await mkdir(TMPDIR)
        const places = { TMPDIR, ECOMDB_STATE }
        const source = { ECOMDB_SOCKET: server.socketPath, ECOMDB_USER: 'root' }
        const env = { ...places, ...source, ECOMDB_ENGINE: family }
        const ecomdb = (...args: string[]) => runEcomdb(args, { cwd: folder, env })
        const done = async (...args: string[]) => {
          const run = await ecomdb(...args)
          expect(run.status, `${args.join(' ')}\n${run.stdout}${run.stderr}`).toBe(0)
          return run
        }
        const backUp = async () =>
          (await done('backup', 'logical', '--databases', database, '--json')).json().result
        await session.run('CREATE TABLE t (id INT PRIMARY KEY, word VARCHAR(9))')
        await session.run("INSERT INTO t VALUES (1, 'eins'), (2, 'zwei')")
        await done('init', '--yes', '--target', 'backups', '--database', database)
        const escrow = 'take-away/escrow.identity'
        const first = await backUp()
        const checked = (await done('key', 'check', '-i', escrow, '--all', '--json')).json().result
        expect(checked.identities).toMatchObject([{ opens: true, files: 2 }])
        expect(checked.untried).toHaveLength(1)
        const written = Object.values(await contentsOf(folder)).map(file =>
          Buffer.from(file, 'base64'),
        )
        expect(written.filter(file => file.includes('zwei'))).toEqual([])

        const settled = async () =>
          Object.entries(await contentsOf(folder)).filter(([name]) => !name.startsWith(TMPDIR))
        const before = await settled()
        await done('key', 'rotate', 'operations', '--dry-run')
        expect(await settled()).toEqual(before)
        const text = await readFile(join(folder, 'ecomdb.yaml'), 'utf8')
        await done('key', 'rotate', 'operations')
        // As a rotation leaves it whose ecomdb.yaml could not be written: a key that is not in use.
        const named = join(folder, 'keys/recipients.txt')
        const current = (await readFile(named, 'utf8')).match(/^age1\S+$/gm)?.at(-1) ?? ''
        const stray = (await generateIdentity()).recipient
        await writeFile(named, (await readFile(named, 'utf8')).replace(current, stray))
        await done('key', 'rotate', 'escrow')
        await done('key', 'rotate', 'signing')
        const after = await readFile(join(folder, 'ecomdb.yaml'), 'utf8')
        const comments = (yaml: string) => yaml.match(/#.*/g)
        expect(comments(after)).toEqual(comments(text))
        const { recipients, trusted_signers: signers } = parse(after).keys
        // Of the keys that are kept, those in use are named.
        const kept = (await done('init', '--yes', '--json')).json().result
        expect([kept.recipients, kept.signer]).toEqual([recipients, signers.at(-1)])
        const list = (await readFile(join(folder, 'keys/recipients.txt'), 'utf8')).split('\n')
        expect(list.filter(line => line.startsWith('age1'))).toEqual(recipients)
        // Without ecomdb.yaml nothing says which keys are in use: the first ones are not.
        await rename(join(folder, 'ecomdb.yaml'), join(folder, 'lost.yaml'))
        const anew = await ecomdb('init', '--yes', '--target', 'backups')
        expect([anew.status, anew.stderr]).toEqual([
          78,
          expect.stringContaining('the ecomdb.yaml that says which are in use is not there'),
        ])
        await rename(join(folder, 'lost.yaml'), join(folder, 'ecomdb.yaml'))
        // No snapshot is for the new keys yet, and the check says so.
        const stale = await ecomdb('key', 'check')
        expect(stale.status).toBe(12)
        expect(stale.stdout).toMatch(/opens +.*operations.identity/)
        expect(stale.stdout).toContain('the snapshot is not encrypted to it')
        expect(stale.stdout.match(/MISSING/g)).toHaveLength(2)

        const second = await backUp()
        expect(second.stored).toMatchObject({ reused: 0 })
        await done('backup', 'verify', '--all')
        const names = await readdir(join(folder, 'take-away'))
        const newEscrow = join('take-away', names.find(name => /^escrow-\d/.test(name)) ?? '')
        await done('key', 'check', '-i', newEscrow)
        expect((await ecomdb('key', 'check', '-i', escrow)).status).toBe(12)
        await done('key', 'check', first.snapshotId, '-i', escrow)
        // ecomdb.yaml has both operations keys: the old snapshot restores as before.
        await done('drill', first.snapshotId)
        const keys = (await readdir(join(folder, 'keys'))).filter(name =>
          name.endsWith('.identity'),
        )
        expect(keys).toHaveLength(2)
        for (const name of keys) await rm(join(folder, 'keys', name))
        await done('drill', 'latest', '-i', newEscrow)
      }),
    ),
)

test.each(SLOW_TEST_ENGINES)(
  '%s: after a rotation moments open with the new key alone, from the next file of the log on',
  family =>
    withFolder(async folder => {
      const shop = await LoggedShop.make(family, folder)
      const target = await startLogged(shop.engine, join(folder, 'target'))
      try {
        const done = async (...args: string[]) => {
          const run = await shop.ecomdb([...args, '--json'])
          expect(run.status, `${args.join(' ')}\n${run.stdout}${run.stderr}`).toBe(0)
          return run.json().result
        }
        const archive = () => done('backup', 'binlog', '--once')
        await shop.run('CREATE DATABASE shop', 'CREATE TABLE shop.t (id INT PRIMARY KEY)')
        await archive()
        const rotated = await done('key', 'rotate', 'operations')
        const check = () => shop.ecomdb(['key', 'check', '--identity', rotated.keyFile])
        await done('backup', 'logical')
        const stale = await check()
        expect([stale.status, stale.stdout]).toEqual([
          3,
          expect.stringMatching(/opens [\s\S]*MISSING +age1.* cannot open the newest segment of/),
        ])
        const toTheEnd = async (row: number) => {
          await done('backup', 'logical')
          await shop.run(`INSERT INTO shop.t VALUES (${row})`)
          await archive()
          const { sources } = await done('backup', 'window')
          const { until } = sources[0].stretches.at(-1).restorable
          const only = ['--identity', rotated.keyFile, '--confirm', 'shop']
          return await shop.ecomdb(['restore', '--at', until, ...only], target)
        }
        const inTheFile = await toTheEnd(1)
        expect(inTheFile.status, inTheFile.stderr).toBe(12)
        expect(inTheFile.stderr).toContain(rotated.old)
        expect(inTheFile.stderr).toContain('when the file was begun')

        await shop.run('FLUSH BINARY LOGS')
        await archive()
        const behind = await toTheEnd(2)
        expect(behind.status, behind.stderr).toBe(0)
        expect(behind.stdout).toContain('replayed 1 transaction')
        expect(await check()).toMatchObject({ status: 0 })
      } finally {
        await shop.engine.scratchServers.remove(target.folder)
        await shop.stop()
      }
    }),
)

test.each(SLOW_TEST_ENGINES)(
  '%s: behind a rotation the scheduled archiver goes on for the new keys',
  family =>
    withFolder(async folder => {
      const shop = await LoggedShop.make(family, folder)
      await appendFile(join(folder, 'ecomdb.yaml'), 'recovery_policy: r.yaml\n')
      await writeFile(join(folder, 'r.yaml'), 'schedule: { binlog: { always: true } }\n')
      await shop.run('CREATE DATABASE shop', 'CREATE TABLE shop.t (id INT PRIMARY KEY)')
      const scheduler = startScheduler(folder, shop.environment())
      const result = async (...args: string[]) =>
        (await shop.ecomdb([...args, '--json'])).json().result
      try {
        const archived = async () => (await result('backup', 'window')).sources.length
        await expect.poll(archived, { timeout: 100_000, interval: 1000 }).toBe(1)
        const rotated = await result('key', 'rotate', 'operations')
        await result('backup', 'logical')
        await expect.poll(scheduler.output, { timeout: 60_000 }).toContain('it is begun anew')
        await shop.run('FLUSH BINARY LOGS')
        const check = async () =>
          (await shop.ecomdb(['key', 'check', '--identity', rotated.keyFile])).status
        await expect.poll(check, { timeout: 150_000, interval: 1000 }).toBe(0)
        const { jobs, problems } = await result('schedule', 'list')
        expect([jobs[0].failing, problems]).toEqual([false, []])
      } finally {
        scheduler.child.kill('SIGTERM')
        await scheduler.ended
        await shop.stop()
      }
    }),
)
