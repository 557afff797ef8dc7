import { join } from 'node:path'
import { expect, test } from 'vitest'
import { silentProgress } from '#core/progress'
import { Secret } from '#core/secret'
import type { RunningServer } from '#engine/scratch-server'
import { withServer } from '#test/backed-up'
import { TEST_ENGINES } from '#test/engines'
import { withBackups } from '#test/with-backups'
import { openSnapshot } from '#workflow/restore/open-snapshot'

/** As docs/backup.md has it: on MySQL such an account may not XA RECOVER. */
const GRANTS = {
  mysql: 'REPLICATION CLIENT, BACKUP_ADMIN, RESOURCE_GROUP_USER, SHOW_ROUTINE',
  mariadb: 'BINLOG MONITOR',
}

test.each(TEST_ENGINES)(
  '%s: a transaction that is prepared at the point is a finding, and no log leads on from there',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      const password = new Secret('Nothing-prepared-1')
      const source = async (
        server: RunningServer,
        engine: Parameters<Parameters<typeof withServer>[2]>[1],
      ) => {
        const session = await engine.connect(server.administrator)
        await session.run('CREATE DATABASE shop')
        await session.run('CREATE TABLE shop.t (id INT PRIMARY KEY)')
        await session.run(`CREATE USER backup IDENTIFIED BY '${password.reveal()}'`)
        await session.run(
          `GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES, RELOAD, PROCESS, REPLICATION SLAVE, ${GRANTS[family]} ON *.* TO backup`,
        )
        const limited = {
          ...server,
          administrator: { ...server.administrator, user: 'backup', password },
        }
        const positionOf = async (id: string): Promise<string | null> =>
          (await openSnapshot(await place.access(), id, silentProgress())).manifest.position.file
        const other = await engine.connect(server.administrator)
        await other.run("XA START 'one'")
        await other.run('INSERT INTO shop.t VALUES (1)')
        await other.run("XA END 'one'")
        await other.run("XA PREPARE 'one'")
        for (const by of [server, limited]) {
          const report = await place.report(by)
          expect(report.findings).toEqual([
            expect.stringMatching(/^1 XA transaction prepared at the point/),
          ])
          expect(await positionOf(report.snapshotId)).toBeNull()
        }
        await other.run("XA COMMIT 'one'")
        const decided = await place.report(limited)
        expect([decided.findings, decided.rows]).toEqual([[], 1])
        expect(await positionOf(decided.snapshotId)).toMatch(/\.\d+$/)
        // Who coordinates it decides while the backup waits.
        await other.run("XA START 'two'")
        await other.run('INSERT INTO shop.t VALUES (2)')
        await other.run("XA END 'two'")
        await other.run("XA PREPARE 'two'")
        const [waited] = await Promise.all([
          place.report(server),
          new Promise(resolve => setTimeout(resolve, 1500)).then(() =>
            other.run("XA COMMIT 'two'"),
          ),
        ])
        expect([waited.findings, waited.rows]).toEqual([[], 2])
        if (family === 'mysql') {
          await session.run('REVOKE PROCESS ON *.* FROM backup')
          const { proof } = await place.report(limited)
          expect(proof.steps).toContain('prepared XA transactions: the account may not see them')
        }
        await other.close()
        await session.close()
      }
      await withServer(family, join(folder, 'source'), source, ['--log-bin=binlog'])
    })
  },
)
