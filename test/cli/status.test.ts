import { appendFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runEcomdb } from '#test/cli'
import { TEST_ENGINES } from '#test/engines'
import { listenForMail, listenForWeb } from '#test/mail-listener'
import { withOwnDatabase } from '#test/servers'
import { withFolder } from '#test/temporary'

const POLICY = `objectives: { rpo: 26h, rto: 4h, drill_every: 35d }
schedule: { verify: { at: '0 1 * * *' } }
`

test.each(TEST_ENGINES)('%s: what is missed, what to do, and who is told, once', family =>
  withFolder(async folder =>
    withOwnDatabase(family, async ({ server, session, database }) => {
      const mail = await listenForMail()
      const web = await listenForWeb()
      const env = {
        ...{ ECOMDB_SOCKET: server.socketPath, ECOMDB_USER: 'root', ECOMDB_ENGINE: family },
        ECOMDB_STATE: join(folder, 'state'),
      }
      const ecomdb = (...args: string[]) => runEcomdb(args, { cwd: folder, env })
      const lineOf = (result: { lines: { key: string }[] }, key: string) =>
        result.lines.find(line => line.key === key)
      try {
        await session.run('CREATE TABLE t (id INT PRIMARY KEY)')
        await session.run('INSERT INTO t VALUES (1), (2)')
        const init = await ecomdb('init', '--yes', '--target', 'backups', '--database', database)
        expect(init.status, init.stderr).toBe(0)
        const file = join(folder, 'ecomdb.yaml')
        const more = [
          'recovery_policy: recovery.yaml',
          'notify:',
          '  heartbeat_file: heartbeat.url',
          '  webhook_file: webhook.url',
          `  mail: { to: [dba@shop.example], from: ecomdb@shop.example, host: 127.0.0.1, port: ${mail.port} }`,
          '  command: [sh, -c, cat >> told.json]',
        ]
        const made = (await readFile(file, 'utf8')).replace(
          '\ntarget:\n',
          '\ntarget:\n  media: raid\n',
        )
        await writeFile(file, `${made}\n${more.join('\n')}\n`)
        await writeFile(join(folder, 'recovery.yaml'), POLICY)
        await writeFile(join(folder, 'webhook.url'), `${web.url}/hook\n`, { mode: 0o600 })
        await writeFile(join(folder, 'heartbeat.url'), `${web.url}/beat\n`, { mode: 0o600 })

        const first = await ecomdb('status', '--notify', '--json', '--html', 's.html')
        expect(first.status, first.stderr).toBe(14)
        const { result } = first.json()
        expect(lineOf(result, 'rpo')).toMatchObject({
          state: 'missed',
          detail: expect.stringContaining('no snapshot'),
        })
        // A drill comes after what it needs.
        const next = ['`ecomdb backup logical`', '`ecomdb drill`']
        expect(lineOf(result, 'drill')).toMatchObject({ state: 'missed', next })
        const early = await ecomdb('drill', '--json')
        expect([early.status, early.json().error]).toMatchObject([
          10,
          { what: expect.stringMatching(/^there is no snapshot in /) },
        ])
        expect(early.json().error?.hints[0]).toContain('`ecomdb backup logical`')
        expect(lineOf(result, 'schedule')).toMatchObject({ state: 'finding' })
        expect(result.told).toMatchObject({ sent: ['webhook', 'mail', 'command'], failed: [] })
        expect(mail.messages).toHaveLength(1)
        expect(mail.messages[0]).toMatch(/^To: dba@shop\.example$/m)
        expect(mail.messages[0]).toMatch(/^Subject: .*, ecomdb: last proven restore: never/m)
        expect(mail.messages[0]).toContain('next: `ecomdb backup logical`')
        const [hook] = web.requests
        expect(hook).toMatch(/^POST \/hook \{"version":1,"text":"[^"]*, ecomdb: last/)
        expect(JSON.parse(await readFile(join(folder, 'told.json'), 'utf8')).notices).not.toEqual(
          [],
        )
        const page = await readFile(join(folder, 's.html'), 'utf8')
        expect(page).toContain('<title>Backups: an objective is missed</title>')

        // The schedule's job does its work: what was wrong there is over.
        const backedUp = await ecomdb('backup', 'logical', '--quiet')
        expect(backedUp.status, backedUp.stderr).toBe(0)
        const run = await ecomdb('schedule', 'run', 'verify')
        expect([run.status, run.stdout]).toEqual([0, 'verify: done\n'])
        expect(JSON.stringify(mail.messages.slice(1))).toContain('OVER: nothing runs the schedule')
        // An objective was missed at the last look, and no drill has been since: the heart does not beat.
        const beats = async () => {
          const due = await ecomdb('schedule', 'run', '--due')
          expect(due.status, due.stderr).toBe(0)
          return { beat: web.requests.splice(0).includes('GET /beat'), told: due.stderr }
        }
        expect(await beats()).toEqual({ beat: false, told: '' })

        expect((await ecomdb('drill', '--quiet')).status).toBe(0)
        const after = await ecomdb('status', '--json', '--prometheus', 'ecomdb.prom')
        expect(after.status).toBe(3)
        const { result: now } = after.json()
        expect(lineOf(now, 'drill')).toMatchObject({
          state: 'ok',
          detail: expect.stringMatching(/, [\d,]+ rows$/),
        })
        expect(lineOf(now, 'rto')).toMatchObject({ state: 'ok' })
        expect(lineOf(now, 'rpo')).toMatchObject({ state: 'ok' })
        expect(lineOf(now, '3-2-1-1-0')).toMatchObject({ state: 'finding' })
        expect(now.problems.map(({ key }: { key: string }) => key)).toEqual(['status 3-2-1-1-0'])
        const metrics = await readFile(join(folder, 'ecomdb.prom'), 'utf8')
        expect(metrics).toMatch(/^ecomdb_status 3$/m)
        expect(metrics).toMatch(/^ecomdb_restore_seconds \d/m)
        expect(metrics).toMatch(/^ecomdb_check_ok\{check="3-2-1-1-0"\} 0$/m)
        const report = await ecomdb('drill', 'report', '--out', 'drills.html')
        expect([report.status, report.stdout]).toEqual([
          0,
          expect.stringContaining('1 of 1 drills'),
        ])
        const drills = await readFile(join(folder, 'drills.html'), 'utf8')
        expect(drills.match(/<svg class="plot"/g)).toHaveLength(3)
        expect(drills).not.toMatch(/<script|https?:/)

        // The copy that is here has its turn next, and the repository the time after.
        const copies = `copies: [{ name: disk, directory: disk, media: usb-disk, offsite: true, offline: true }]\n`
        await appendFile(file, copies)
        await mkdir(join(folder, 'disk'))
        const prepared = ['target', 'prepare', 'disk', '--label', 'disk-a', '--same-disk']
        for (const args of [
          prepared,
          ['backup', 'copy', '--to', 'disk'],
          ['drill', '--turn', '-q'],
        ]) {
          const ran = await ecomdb(...args)
          expect(ran.status, `${args.join(' ')}\n${ran.stderr}`).toBe(0)
        }
        const ofDisk = (await ecomdb('drill', 'history', '--from', 'disk', '--json')).json().result
        expect(ofDisk.drills.at(-1)).toMatchObject({ outcome: 'passed', copyId: ofDisk.copyId })
        const turn = await ecomdb('drill', '--turn', '--json')
        expect(turn.json().result.target).toMatch(/backups$/)
        const again = await ecomdb('status', '--notify', '--json')
        expect(again.json().result.told.notices).toBeGreaterThan(0)
        const quiet = await ecomdb('status', '--notify', '--json')
        expect(quiet.json().result.told.notices).toBe(0)
        expect(quiet.status, quiet.stdout).toBe(0)
        expect(await beats()).toEqual({ beat: true, told: '' })
        // Nobody has looked for two days, or ever: what was found then says nothing.
        const [states = ''] = await readdir(join(folder, 'state/schedule'))
        const look = join(folder, 'state/schedule', states, 'look.json')
        const seen = JSON.parse(await readFile(look, 'utf8'))
        await rm(look)
        expect((await beats()).beat).toBe(false)
        await writeFile(look, JSON.stringify({ ...seen, at: seen.at - 2 * 86_400_000 }))
        expect((await beats()).beat).toBe(false)
        await writeFile(look, JSON.stringify(seen))
        web.status = 500
        const { beat, told } = await beats()
        expect([beat, told]).toEqual([true, expect.stringContaining('it answered 500')])
        expect(told).toContain('scheduler: warning: the heartbeat was not sent')
        expect(told).not.toContain('127.0.0.1')
        web.status = 200

        // What was found is told where it cannot be written down, too, and where a page cannot be written.
        const toldBy = async (...args: string[]) => {
          const before = mail.messages.length
          const { status } = await ecomdb('status', '--notify', ...args)
          return [status, mail.messages.slice(before).join('')]
        }
        await rm(look)
        await mkdir(join(look, 'in-its-place'), { recursive: true })
        expect(await toldBy()).toEqual([30, expect.stringContaining('look.json')])
        await rm(look, { recursive: true })
        expect(await toldBy()).toEqual([0, expect.stringContaining('OVER: cannot write')])
        await writeFile(join(folder, 'recovery.yaml'), POLICY.replace('26h', '1s'))
        const bad = join(folder, 'no-folder', 'ecomdb.prom')
        expect(await toldBy('--prometheus', bad)).toEqual([2, expect.stringContaining('RPO')])
        await writeFile(join(folder, 'recovery.yaml'), POLICY)
        expect(await toldBy()).toEqual([0, expect.stringContaining('OVER')])

        // A look that fails is told as well, and once.
        await rename(join(folder, 'backups'), join(folder, 'away'))
        const mails = mail.messages.length
        for (let look = 0; look < 2; look += 1) {
          expect((await ecomdb('status', '--notify')).status).toBe(10)
        }
        expect(mail.messages.slice(mails)).toEqual([
          expect.stringContaining('`ecomdb status` cannot look: TARGET_UNAVAILABLE'),
        ])
        expect((await beats()).beat).toBe(false)
        await rename(join(folder, 'away'), join(folder, 'backups'))
        expect((await ecomdb('status', '--notify')).status).toBe(0)
        expect(mail.messages.at(-1)).toContain('OVER: `ecomdb status` cannot look')
        expect((await beats()).beat).toBe(true)
      } finally {
        mail.close()
        web.close()
      }
    }),
  ),
)
