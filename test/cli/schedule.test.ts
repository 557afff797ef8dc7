import { appendFile, chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { EngineFamily } from '#domain/engine-family'
import { onPath } from '#process/program'
import { runProgram } from '#process/run-program'
import { type CliResult, runEcomdb } from '#test/cli'
import { TEST_ENGINES } from '#test/engines'
import { startScheduler } from '#test/scheduler-process'
import { withOwnDatabase } from '#test/servers'
import { storeRepository } from '#test/stored-repository'
import { withFolder } from '#test/temporary'

/** A shop with a configuration and a schedule of its own; every run shares one state folder. */
async function withShop(
  family: EngineFamily,
  policy: string,
  use: (shop: {
    ecomdb: (...args: string[]) => Promise<CliResult>
    /** Makes a job look as if this host had known it for a day. */
    known: (job: string) => Promise<void>
  }) => Promise<void>,
): Promise<void> {
  await withFolder(async folder =>
    withOwnDatabase(family, async ({ server, session, database }) => {
      const env = {
        ...{ ECOMDB_SOCKET: server.socketPath, ECOMDB_USER: 'root', ECOMDB_ENGINE: family },
        ECOMDB_STATE: join(folder, 'state'),
      }
      const ecomdb = (...args: string[]) => runEcomdb(args, { cwd: folder, env })
      await session.run('CREATE TABLE t (id INT PRIMARY KEY)')
      await session.run('INSERT INTO t VALUES (1), (2)')
      const init = await ecomdb('init', '--yes', '--target', 'backups', '--database', database)
      expect(init.status, init.stderr).toBe(0)
      const file = join(folder, 'ecomdb.yaml')
      await writeFile(file, `${await readFile(file, 'utf8')}\nrecovery_policy: recovery.yaml\n`)
      await writeFile(join(folder, 'recovery.yaml'), policy)
      const states = (await ecomdb('schedule', 'list', '--json')).json().result.stateFolder
      const path = (job: string) => join(states, `job-${job}.json`)
      await use({
        ecomdb,
        known: async job => {
          await mkdir(states, { recursive: true })
          const seen = { format: 1, since: Date.now() - 86_400_000, dueAt: null, running: null }
          const nothing = { last: null, lastSuccessAt: null, failures: 0, present: false }
          await writeFile(path(job), JSON.stringify({ ...seen, ...nothing }))
        },
      })
    }),
  )
}

/** Once a day, hours away in both zones below: no run of a test comes across it. */
const FAR = new Date(Date.now() + 12 * 3_600_000)
const DAILY = `${FAR.getUTCMinutes()} ${FAR.getUTCHours()} * * *`

const POLICY = `schedule:
  time_zone: Asia/Kolkata
  logical: { at: '${DAILY}', limit: 1h }
  verify: { at: '${DAILY}' }
`

describe.each(TEST_ENGINES)('%s', family => {
  test('what is due runs once, whoever looks; then the list says so', () =>
    withShop(family, POLICY, async ({ ecomdb, known }) => {
      const before = await ecomdb('schedule', 'list')
      expect([before.status, before.stdout]).toEqual([3, expect.stringContaining('nothing runs')])
      // A job that this host has not known before has missed nothing.
      expect((await ecomdb('schedule', 'run', '--due', '--json')).json().result.ran).toEqual([])

      await known('logical')
      const both = await Promise.all([1, 2].map(() => ecomdb('schedule', 'run', '--due', '--json')))
      expect(
        both.map(({ status, stderr }) => [status, stderr]),
        both.map(({ stdout }) => stdout).join('\n'),
      ).toEqual([
        [0, ''],
        [0, ''],
      ])
      const ran = both.flatMap(one => one.json().result.ran)
      const { snapshots } = (await ecomdb('backup', 'list', '--json')).json().result
      expect([ran.length, snapshots.length]).toEqual([1, 1])
      const verified = await ecomdb('schedule', 'run', 'verify')
      expect([verified.status, verified.stdout]).toEqual([0, 'verify: done\n'])

      const list = await ecomdb('schedule', 'list', '--json')
      expect(list.json().result).toMatchObject({
        ...{
          timeZone: 'Asia/Kolkata',
          problems: [],
          scheduler: { kind: 'looks-in', alive: true },
        },
        jobs: [
          { id: 'logical', failing: false, late: false, last: { outcome: 'done', status: 0 } },
          { id: 'verify', command: 'ecomdb backup verify', running: false },
        ],
      })
      expect(list.status).toBe(0)
    }))
})

/** A server that takes connections and says nothing: whoever asks it, waits. */
async function withSilentServer(
  use: (server: { port: number; asked: () => number; left: () => number }) => Promise<void>,
): Promise<void> {
  let [asked, left] = [0, 0]
  const server = createServer(socket => {
    asked += 1
    socket
      .on('error', () => {})
      .once('close', () => {
        left += 1
      })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  try {
    await use({ port, asked: () => asked, left: () => left })
  } finally {
    server.close()
  }
}

test('a scheduler that was seen by a clock that was ahead has not been seen lately', () =>
  withFolder(async folder => {
    const env = { ECOMDB_STATE: join(folder, 'state'), ECOMDB_ENGINE: 'mariadb' }
    const config =
      'target: { directory: b }\nrecovery_policy: r.yaml\nkeys: { recipients: [age1x], trusted_signers: [x], signing_key_file: s, dedup_key_file: d }\n'
    await writeFile(join(folder, 'ecomdb.yaml'), config)
    await writeFile(join(folder, 'r.yaml'), 'schedule: { binlog: { always: true } }\n')
    const list = async () =>
      (await runEcomdb(['schedule', 'list', '--json'], { cwd: folder, env })).json().result
    const { stateFolder } = await list()
    await mkdir(stateFolder, { recursive: true })
    for (const [seenAt, alive] of [
      [Date.now(), true],
      [Date.now() + 365 * 86_400_000, false],
    ] as const) {
      const seen = { format: 1, host: 'h', pid: 1, kind: 'looks-in', startedAt: seenAt, seenAt }
      await writeFile(join(stateFolder, 'scheduler.json'), JSON.stringify(seen))
      expect((await list()).scheduler.alive).toBe(alive)
    }
  }))

test('one look by hand does not hide that the scheduler has stopped; those of cron do', () =>
  withFolder(async folder => {
    const env = { ECOMDB_STATE: join(folder, 'state'), ECOMDB_ENGINE: 'mariadb' }
    const config =
      'target: { directory: b }\nrecovery_policy: r.yaml\nkeys: { recipients: [age1x], trusted_signers: [x], signing_key_file: s, dedup_key_file: d }\n'
    await writeFile(join(folder, 'ecomdb.yaml'), config)
    await writeFile(join(folder, 'r.yaml'), `schedule: { verify: { at: '${DAILY}' } }\n`)
    const run = (...args: string[]) => runEcomdb(args, { cwd: folder, env })
    const list = async () => (await run('schedule', 'list', '--json')).json().result
    const { stateFolder } = await list()
    await mkdir(stateFolder, { recursive: true })
    const seenAt = Date.now() - 600_000
    const stayed = { format: 1, host: 'h', pid: 1, kind: 'stays', startedAt: seenAt, seenAt }
    await writeFile(join(stateFolder, 'scheduler.json'), JSON.stringify(stayed))
    for (const kind of ['stays', 'stays', 'looks-in']) {
      await run('schedule', 'run', '--due')
      const { scheduler, problems } = await list()
      expect([scheduler.kind, scheduler.alive]).toEqual([kind, kind === 'looks-in'])
      const stopped = problems.filter(({ key }: { key: string }) => key === 'schedule stopped')
      expect(stopped.length).toBe(kind === 'looks-in' ? 0 : 1)
    }
  }))

test('a scheduler that is killed takes its jobs along, and the next one knows', () =>
  withFolder(async folder =>
    withSilentServer(async ({ port, asked, left }) => {
      const env = { ECOMDB_STATE: join(folder, 'state'), ECOMDB_ENGINE: 'mariadb' }
      const config = `server: { port: ${port} }\ntarget: { directory: b }\nrecovery_policy: r.yaml\nkeys: { recipients: [age1x], trusted_signers: [x], signing_key_file: s, dedup_key_file: d }\n`
      await writeFile(join(folder, 'ecomdb.yaml'), config)
      await writeFile(join(folder, 'r.yaml'), 'schedule: { binlog: { always: true } }\n')
      const first = startScheduler(folder, env)
      await expect.poll(asked).toBeGreaterThan(0)
      const second = await runEcomdb(['schedule', 'run'], { cwd: folder, env })
      expect([second.status, second.stderr]).toEqual([11, expect.stringContaining('LOCKED')])
      first.child.kill('SIGKILL')
      await first.ended
      await expect.poll(() => left() === asked()).toBe(true)
      const list = await runEcomdb(['schedule', 'list', '--json'], { cwd: folder, env })
      expect(list.status).toBe(3)
      expect(list.json().result.problems[0].what).toContain('the scheduler has stopped')

      // The first one's job may have asked again while the machine was busy.
      const before = asked()
      const next = startScheduler(folder, env)
      await expect.poll(next.output).toContain('its last run was killed')
      await expect.poll(asked).toBeGreaterThan(before)
      next.child.kill('SIGTERM')
      expect(await next.ended, next.output()).toBe(130)
      expect(next.output().split('SIGTERM:')[1]).not.toContain('started')
      const after = await runEcomdb(['schedule', 'list', '--json'], { cwd: folder, env })
      const [job] = after.json().result.jobs
      expect(job).toMatchObject({ id: 'binlog', running: false, last: { outcome: 'stopped' } })
    }),
  ))

test('a scheduler that works by what was changed since is told of', () =>
  withFolder(async folder => {
    const env = { ECOMDB_STATE: join(folder, 'state'), ECOMDB_ENGINE: 'mariadb' }
    const config =
      'target: { directory: b }\nrecovery_policy: r.yaml\nkeys: { recipients: [age1x], trusted_signers: [x], signing_key_file: s, dedup_key_file: d }\n'
    const policy = (jobs: string) => writeFile(join(folder, 'r.yaml'), `schedule: { ${jobs} }\n`)
    await writeFile(join(folder, 'ecomdb.yaml'), config)
    await policy(`verify: { at: '${DAILY}' }`)
    const problems = async () => {
      const list = await runEcomdb(['schedule', 'list', '--json'], { cwd: folder, env })
      const { result } = list.json()
      return result.problems.map(({ what }: { what: string }) => what)
    }
    const scheduler = startScheduler(folder, env)
    try {
      await expect.poll(async () => (await problems()).length, { timeout: 20_000 }).toBe(0)
      await policy(`verify: { at: '${DAILY}' }, expire: { at: '${DAILY}' }`)
      expect(await problems()).toEqual([expect.stringContaining('and that was changed')])
      await policy(`verify: { at: '${DAILY}' }`)
      expect(await problems()).toEqual([])
      const mail = 'notify: { command: [cat] }\n'
      await writeFile(join(folder, 'ecomdb.yaml'), `${config}${mail}`)
      expect(await problems()).toEqual([expect.stringContaining('works by what ecomdb.yaml')])
    } finally {
      scheduler.child.kill('SIGTERM')
      await scheduler.ended
    }
  }))

/** The process of a scheduler's job: its shell has become it. */
async function jobOf(scheduler: number): Promise<number> {
  const children = await readFile(`/proc/${scheduler}/task/${scheduler}/children`, 'utf8')
  for (const pid of children.trim().split(' ')) {
    if ((await readFile(`/proc/${pid}/cmdline`, 'utf8')).includes('backup\0binlog')) return +pid
  }
  throw new Error(`no job of ${scheduler} among ${children}`)
}

test('a job that somebody else ends has failed, and one that is stopped by hand takes no failure away', () =>
  withFolder(async folder =>
    withSilentServer(async ({ port, asked }) => {
      const env = { ECOMDB_STATE: join(folder, 'state'), ECOMDB_ENGINE: 'mariadb' }
      const config = `server: { port: ${port} }\ntarget: { directory: b }\nrecovery_policy: r.yaml\nkeys: { recipients: [age1x], trusted_signers: [x], signing_key_file: s, dedup_key_file: d }\nnotify: { command: [sh, -c, 'cat >>${folder}/told'] }\n`
      await writeFile(join(folder, 'ecomdb.yaml'), config)
      await writeFile(join(folder, 'r.yaml'), 'schedule: { binlog: { always: true } }\n')
      const byHand = async (end: 'job' | 'scheduler') => {
        const before = asked()
        const scheduler = startScheduler(folder, env, 'binlog')
        await expect.poll(asked).toBeGreaterThan(before)
        const { pid = 0 } = scheduler.child
        process.kill(end === 'scheduler' ? pid : await jobOf(pid), 'SIGTERM')
        await scheduler.ended
        const list = await runEcomdb(['schedule', 'list', '--json'], { cwd: folder, env })
        return list.json().result
      }
      const { jobs } = await byHand('job')
      expect(jobs[0]).toMatchObject({ failing: true, failures: 1, last: { outcome: 'died' } })
      const told = await readFile(join(folder, 'told'), 'utf8')
      expect(told).toContain('binlog died: INTERRUPTED')
      const after = await byHand('scheduler')
      expect(after.jobs[0]).toMatchObject({
        ...{ failing: true, failures: 1, last: { outcome: 'stopped' } },
        judged: { outcome: 'died' },
      })
      expect(await readFile(join(folder, 'told'), 'utf8')).not.toContain('OVER: binlog')
    }),
  ))

test('a job that fails is tried again later, and has its error in the list', () =>
  withFolder(async folder => {
    const env = { ECOMDB_STATE: join(folder, 'state') }
    await writeFile(
      join(folder, 'ecomdb.yaml'),
      'server: { socket: /nowhere/server.sock }\ntarget: { directory: backups }\nrecovery_policy: r.yaml\n',
    )
    const policy = `schedule: { logical: { at: '${DAILY}' }, verify: { at: '${DAILY}' } }`
    await writeFile(join(folder, 'r.yaml'), `${policy}\n`)
    const run = await runEcomdb(['schedule', 'run', 'logical'], { cwd: folder, env })
    expect(run.status).toBe(20)
    expect(run.stdout).toContain('logical: failed: SERVER_UNREACHABLE')
    const list = await runEcomdb(['schedule', 'list', '--json'], { cwd: folder, env })
    const [job] = list.json().result.jobs
    expect(job).toMatchObject({ failing: true, failures: 1, lastSuccessAt: null })
    expect(Date.parse(job.nextAt) - Date.parse(job.last.endedAt)).toBe(300_000)
    // One that was run by hand does not stand for the other, which had its time as well.
    const { problems } = list.json().result
    expect(problems[0].what).toBe('nothing runs the schedule here')
    const stranger = await runEcomdb(['schedule', 'run', 'drill'], { cwd: folder, env })
    expect([stranger.status, stranger.stderr]).toEqual([
      2,
      expect.stringContaining('its jobs are logical, verify'),
    ])
  }))

test('the units of another configuration are neither replaced nor removed', () =>
  withFolder(async folder => {
    const [a, b, units] = ['a', 'b', 'units'].map(name => join(folder, name)) as [
      string,
      string,
      string,
    ]
    // Where systemd runs, it hears nothing of it.
    const bin = join(folder, 'bin')
    await mkdir(bin)
    await writeFile(join(bin, 'systemctl'), '#!/bin/sh\n', { mode: 0o755 })
    for (const shop of [a, b]) {
      await mkdir(shop)
      await writeFile(join(shop, 'ecomdb.yaml'), 'target: { directory: backups }\n')
    }
    const schedule = (verb: string, shop: string, ...more: string[]) => {
      const of = [
        '--with',
        'systemd',
        '--unit-folder',
        units,
        '--config',
        join(shop, 'ecomdb.yaml'),
      ]
      return runEcomdb(['schedule', verb, ...of, ...more], {
        env: { ECOMDB_STATE: join(folder, 'state'), PATH: bin },
      })
    }
    const unit = (name = 'ecomdb') => readFile(join(units, `${name}-schedule.service`), 'utf8')
    expect(await schedule('install', a)).toMatchObject({ status: 0 })
    // Again, as after an upgrade.
    expect(await schedule('install', a)).toMatchObject({ status: 0 })
    const first = await unit()
    for (const refused of [
      await schedule('install', b),
      await schedule('install', b, '--dry-run'),
      await schedule('remove', b),
      await schedule('remove', b, '--confirm', 'ecomdb'),
    ]) {
      expect(refused.status, refused.stdout).toBe(2)
      expect(refused.stderr).toContain('it is for another configuration')
      expect(refused.stderr).toContain('--name')
    }
    expect(await unit()).toBe(first)
    expect(await schedule('install', b, '--name', 'shop-b')).toMatchObject({ status: 0 })
    expect(await unit('shop-b')).toContain(join(b, 'ecomdb.yaml'))

    // A configuration that was moved has its units still.
    const moved = join(folder, 'moved')
    await rename(a, moved)
    expect(await schedule('install', moved)).toMatchObject({ status: 0 })
    expect(await unit()).toContain(join(moved, 'ecomdb.yaml'))
    const removed = await schedule('remove', moved, '--confirm', 'ecomdb')
    expect(removed).toMatchObject({ status: 0 })
    await expect(unit()).rejects.toThrow('ENOENT')
  }))

test('a copy that does not answer holds neither the schedule nor the look, and is told of', () =>
  withFolder(async folder => {
    const { config } = await storeRepository(folder)
    const told = join(folder, 'told')
    await mkdir(join(folder, 'nas'))
    // Whoever opens a pipe that nobody writes to waits for ever, as with a share whose server is gone.
    await runProgram(onPath('mkfifo'), [join(folder, 'nas/ecomdb-copy.json')])
    const more = `copies: [{ name: nas, directory: nas, offsite: true, media: nas }]
recovery_policy: r.yaml
notify: { command: [sh, -c, 'cat >>${told}'] }
`
    await appendFile(config, more)
    const policy = `schedule: { copy: { every: 1h }, verify: { at: '${DAILY}' } }\n`
    await writeFile(join(folder, 'r.yaml'), policy)
    const env = { ECOMDB_STATE: join(folder, 'state') }
    const [due, look] = await Promise.all(
      [
        ['schedule', 'run', '--due', '--json'],
        ['status', '--notify', '--json'],
      ].map(args => runEcomdb(args, { cwd: folder, env })),
    )
    expect([due?.status, due?.json().result.ran]).toEqual([0, []])
    const silent = 'copy-nas waits for .*/nas, and the disk or share there does not answer'
    expect(await readFile(told, 'utf8')).toMatch(new RegExp(silent))
    expect(look?.status, look?.stderr).toBe(3)
    const whats = look?.json().result.problems.map(({ what }: { what: string }) => what)
    expect(whats.join('\n')).toMatch(new RegExp(silent))
    const { status, stdout } = await runEcomdb(['backup', 'status'], { cwd: folder, env })
    expect([status, stdout]).toEqual([
      3,
      expect.stringMatching(/^NOT REACHED {2}copy nas: .*has not answered/m),
    ])
  }))

/** Stands for crontab(1): the test's user keeps a crontab of its own. */
const CRONTAB = `#!/bin/sh
case $1 in -l) cat "$CRONTAB_FILE" 2>/dev/null ;; -) cat >"$CRONTAB_FILE" ;; esac
`

const UNREADABLE = CRONTAB.replace(
  'cat "$CRONTAB_FILE" 2>/dev/null',
  'echo "crontabs/ada: Input/output error" >&2; exit 1',
)

test('the list knows of a crontab before cron has looked, and that it does not', () =>
  withFolder(async folder => {
    await writeFile(
      join(folder, 'ecomdb.yaml'),
      'target: { directory: backups }\nrecovery_policy: r.yaml\n',
    )
    await writeFile(join(folder, 'r.yaml'), `schedule: { logical: { at: '${DAILY}' } }\n`)
    await mkdir(join(folder, 'bin'))
    await writeFile(join(folder, 'bin/crontab'), CRONTAB)
    await chmod(join(folder, 'bin/crontab'), 0o755)
    const env = {
      ...{ ECOMDB_STATE: join(folder, 'state'), CRONTAB_FILE: join(folder, 'crontab') },
      PATH: `${join(folder, 'bin')}:${process.env['PATH']}`,
    }
    const ecomdb = (...args: string[]) => runEcomdb(args, { cwd: folder, env })
    await writeFile(env.CRONTAB_FILE, '0 1 * * * /bin/true\n')
    expect((await ecomdb('schedule', 'list')).stdout).toContain('nothing runs the schedule here')
    expect((await ecomdb('schedule', 'list')).stdout).toContain('schedule install --with systemd`')
    // One that cannot be read is not taken for none: its other lines would be lost.
    await writeFile(join(folder, 'bin/crontab'), UNREADABLE)
    const unread = await ecomdb('schedule', 'install', '--with', 'cron')
    expect([unread.status, unread.stderr]).toEqual([
      30,
      expect.stringMatching(/crontab cannot be read\n.*Input.output error/),
    ])
    expect(await readFile(env.CRONTAB_FILE, 'utf8')).toBe('0 1 * * * /bin/true\n')
    await writeFile(join(folder, 'bin/crontab'), CRONTAB)
    expect((await ecomdb('schedule', 'install', '--with', 'cron')).stdout).toContain('crontab -')
    const fresh = await ecomdb('schedule', 'list')
    expect([fresh.status, fresh.stdout]).toEqual([0, expect.stringContaining('not looked yet')])

    const { stateFolder } = (await ecomdb('schedule', 'list', '--json')).json().result
    const hourAgo = { format: 1, cronAt: Date.now() - 3_600_000 }
    await writeFile(join(stateFolder, 'installed.json'), JSON.stringify(hourAgo))
    const silent = await ecomdb('schedule', 'list')
    expect([silent.status, silent.stdout]).toEqual([3, expect.stringContaining('cron has not run')])

    // The line itself, as cron gives it to sh.
    const [line = ''] = (await readFile(env.CRONTAB_FILE, 'utf8')).match(/^\*\/5.*$/m) ?? []
    const command = line.replace(/^(\S+ ){5}/, '').replaceAll('\\%', '%')
    await runProgram(onPath('sh'), ['-c', command], { cwd: folder })
    const looked = await ecomdb('schedule', 'list', '--json')
    expect(looked.json().result.scheduler).toMatchObject({ kind: 'looks-in', alive: true })
    const asked = await ecomdb('schedule', 'remove', '--with', 'cron')
    expect(asked.stdout).toContain('nothing was changed; do it with --confirm ecomdb')
    await ecomdb('schedule', 'remove', '--with', 'cron', '--confirm', 'ecomdb')
    expect(await readFile(env.CRONTAB_FILE, 'utf8')).toBe('0 1 * * * /bin/true\n')
  }))
