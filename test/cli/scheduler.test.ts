import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { quoteIdentifier } from '#engine/quote'
import { runEcomdb } from '#test/cli'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { TestLeaver } from '#test/leaver'
import { startScheduler } from '#test/scheduler-process'
import { withOwnDatabase } from '#test/servers'
import { withFolder } from '#test/temporary'

const POLICY = `schedule:
  seal: { always: true, retry_after: 1s }
  access: { at: '* * * * *', retries: 0 }
  copy: { every: 24h }
  reports: { at: '0 7 * * *', retry_after: 1s }
reports: [orders, access, audit, recovery]
`
const CONFIG = `recovery_policy: recovery.yaml
reports_directory: reports
copies: [{ name: disk, directory: disk, media: usb-disk, offsite: true, offline: true }]
notify: { command: [sh, -c, cat >> told.json] }
`

test.each(SLOW_TEST_ENGINES)(
  '%s: it seals, ends grants, copies when the disk comes, and reports',
  family =>
    withFolder(async folder =>
      withOwnDatabase(family, async ({ engine, server, session, database }) => {
        const leaver = new TestLeaver(engine, server, session, database)
        const { person, store } = leaver
        const [role, trail] = [`r_${person}`, `${database}_audit`]
        const env = {
          ...{ ...leaver.environment, ECOMDB_ENGINE: family, ECOMDB_AUDIT_DATABASE: trail },
          ECOMDB_STATE: join(folder, 'state'),
        }
        const ecomdb = async (...args: string[]) => {
          const ran = await runEcomdb(args, { cwd: folder, env })
          expect([0, 3], `${args.join(' ')}\n${ran.stderr}`).toContain(ran.status)
          return ran
        }
        const [disk, away] = [join(folder, 'disk'), join(folder, 'taken-away')]
        let scheduler: ReturnType<typeof startScheduler> | undefined
        try {
          await leaver.make()
          await leaver.run(
            ...[
              'DROP EVENT each_second',
              `CREATE ROLE ${role}`,
              `GRANT SELECT ON items TO ${role}`,
            ],
            'CREATE TABLE chats (id INT PRIMARY KEY, said TEXT)',
            "INSERT INTO chats VALUES (1, 'hello')",
            "CREATE PROCEDURE order_performance(a DATE, b DATE) SIGNAL SQLSTATE '45000'",
          )
          await ecomdb('init', '--yes', '--target', 'backups', '--database', database)
          const file = join(folder, 'ecomdb.yaml')
          const config = `${await readFile(file, 'utf8')}\n${CONFIG}`
          await writeFile(
            file,
            `${config}audit: { policy: audit.yaml, anchors: [{ directory: a }] }\n`,
          )
          await writeFile(join(folder, 'audit.yaml'), 'tables: [chats]\nseal: { every: 1s }\n')
          await writeFile(join(folder, 'recovery.yaml'), POLICY)
          await mkdir(join(folder, 'a'))
          await mkdir(disk)
          await ecomdb('key', 'rotate', 'audit')
          await ecomdb('audit', 'install')
          await ecomdb('backup', 'logical', '--quiet')
          await ecomdb('target', 'prepare', 'disk', '--label', 'disk-a', '--same-disk')
          await rename(disk, away)
          await ecomdb('grant', person, role, '--for', '30d', '--reason', 'figures')
          const grants = `${quoteIdentifier(store)}.role_grant`
          await leaver.run(`UPDATE ${grants} SET ends_at = UTC_TIMESTAMP(6) - INTERVAL 1 HOUR`)
          const overdue = (await ecomdb('access', 'grants', '--json')).json()
          expect(overdue).toMatchObject({ status: 3, result: { overdue: 1, grants: [{ person }] } })

          // Known for two days, so that what comes once a day was missed.
          const list = (await ecomdb('schedule', 'list', '--json')).json().result
          expect(list.jobs.map((job: { id: string }) => job.id)).toEqual(
            expect.arrayContaining(['copy-disk', 'seal', 'access', 'reports']),
          )
          await mkdir(list.stateFolder, { recursive: true })
          for (const job of ['access', 'reports']) {
            const seen = {
              format: 1,
              since: Date.now() - 2 * 86_400_000,
              dueAt: null,
              running: null,
            }
            const none = { last: null, lastSuccessAt: null, failures: 0, present: false }
            const state = JSON.stringify({ ...seen, ...none })
            await writeFile(join(list.stateFolder, `job-${job}.json`), state)
          }
          scheduler = startScheduler(folder, env)
          const { output } = scheduler
          const says = (text: string) => expect.poll(output).toContain(text)

          // The page that cannot be made takes no other with it, and is made by the next attempt.
          await says('reports: ended: failed')
          expect(output()).toContain('1 of 4 reports of')
          await leaver.run(
            'DROP PROCEDURE order_performance',
            'CREATE PROCEDURE order_performance(a DATE, b DATE) SELECT 7 AS total_orders, 349.93 AS revenue',
          )
          await rename(away, disk)
          await says('access: ended: done')
          // There was no drill yet, which the page of recovery tells; what is there is kept.
          await says('reports: ended: findings (exit 3)')
          expect(output()).toContain('recovery: done, with findings')
          await says('copy-disk: ended: done')
          const [month = ''] = await readdir(join(folder, 'reports'))
          expect(await readdir(join(folder, 'reports', month))).toEqual([
            ...['.complete', 'access.html', 'audit.html', 'orders.html', 'recovery.html'],
          ])
          const orders = await readFile(join(folder, 'reports', month, 'orders.html'), 'utf8')
          expect(orders).toContain(`from ${month}-01`)
          expect(orders).toContain('349.93')
          const copied = await ecomdb('backup', 'list', '--from', 'disk', '--json')
          expect(copied.json().result.snapshots).toHaveLength(1)

          scheduler.child.kill('SIGKILL')
          await scheduler.ended
          const status = await ecomdb('status', '--notify', '--json', '--prometheus', 'e.prom')
          const { lines, figures, told } = status.json().result
          const line = (key: string) => lines.find((one: { key: string }) => one.key === key)
          expect(line('schedule').detail).toContain('the scheduler has stopped')
          expect(told.sent).toEqual(['command'])
          expect(await readFile(join(folder, 'told.json'), 'utf8')).toContain('has stopped')
          expect(line('audit')).toMatchObject({ state: 'ok' })
          expect(line('grants')).toMatchObject({ state: 'ok', detail: '0 open' })
          expect(line('access')).toMatchObject({ state: 'finding' })
          expect(figures).toMatchObject({ grantsOpen: 0, grantsOverdue: 0 })
          expect(figures.sealAgeSeconds).toBeLessThan(60)
          expect(figures.hardenScore).toBeGreaterThan(0)
          expect(await readFile(join(folder, 'e.prom'), 'utf8')).toMatch(
            /^ecomdb_audit_seal_age_seconds \d+$/m,
          )
        } finally {
          scheduler?.child.kill('SIGKILL')
          await leaver.run(`DROP ROLE IF EXISTS ${role}`, `DROP DATABASE IF EXISTS ${trail}`)
          await leaver.run(`DROP USER IF EXISTS ${trail}@localhost`)
          if (family === 'mariadb') await leaver.run(`DROP ROLE IF EXISTS roles_of_${person}`)
          await leaver.remove()
        }
      }),
    ),
)
