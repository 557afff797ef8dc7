import { join } from 'node:path'
import { expect, test } from 'vitest'
import { silentProgress } from '#core/progress'
import { type LeaverReceipt, putLeaverReceipt } from '#repository/leaver-receipts'
import { openRepository } from '#repository/repository'
import { uuidV7 } from '#repository/uuid'
import { openDirectoryTarget } from '#target/dir/directory-target'
import { type BackupPlace, withServer } from '#test/backed-up'
import { TEST_ENGINES } from '#test/engines'
import { withBackups } from '#test/with-backups'
import { drillSnapshot } from '#workflow/restore/drill-snapshot'

const ACCOUNTS = `SELECT CONCAT(User, '@', Host) AS name FROM mysql.user
  WHERE User NOT IN ('root', 'mariadb.sys', 'PUBLIC') AND User NOT LIKE 'mysql.%' ORDER BY 1`

/** Says in the repository that somebody has left now. */
async function leave({ path, keys }: BackupPlace, person: string): Promise<void> {
  const target = openDirectoryTarget(path)
  const receipt = {
    ...{ format: 1, receiptId: uuidV7(new Date()), person, startedAt: new Date().toISOString() },
    repositoryId: (await openRepository(target)).id,
    accounts: [{ user: person, host: 'localhost' }],
  }
  await putLeaverReceipt(target, receipt as unknown as LeaverReceipt, keys.signingKey)
}

// A role of MySQL has no administrator.
test.runIf(TEST_ENGINES.includes('mariadb'))(
  'mariadb: no account is made for an administrator of a role that is not there',
  async () => {
    await withBackups('mariadb', async ({ folder, place }) => {
      await withServer('mariadb', join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        for (const sql of SOURCE) await session.run(sql)
        await session.close()
        await place.backUp(server)
      })
      const { checks } = await drillSnapshot(place.drillOptions(), silentProgress())
      expect(checks.filter(({ outcome }) => outcome === 'failed')).toEqual([])
      await leave(place, 'ann')
      await withServer('mariadb', join(folder, 'target'), async (server, engine) => {
        const { notes, outcome } = await place.restore(server)
        expect(outcome?.checks.filter(one => one.outcome === 'failed')).toEqual([])
        for (const role of ['hers', 'short']) {
          expect(notes.join('\n')).toContain(`role ${role} has no administrator`)
        }
        expect(notes.join('\n')).not.toMatch(/role (both|late|chief|held) has no/)
        const session = await engine.connect(server.administrator)
        const names = (await session.rows(ACCOUNTS)).map(({ name }) => name)
        expect(names).toEqual(EXPECTED)
        const rows = await session.rows(
          "SELECT CONCAT(User, ' ', Role) AS one FROM mysql.roles_mapping WHERE Admin_option = 'Y' ORDER BY 1",
        )
        expect(rows.map(({ one }) => one)).toEqual(ADMINISTRATORS)
        // Nor may anybody act as her.
        const grants = await session.rows('SHOW GRANTS FOR bob@localhost')
        expect(JSON.stringify(grants)).not.toContain('PROXY')
        await session.close()
      })
    })
  },
)

test.runIf(TEST_ENGINES.includes('mysql'))(
  'mysql: a restore without who has left goes on where others have them as a role',
  async () => {
    await withBackups('mysql', async ({ folder, place }) => {
      await withServer('mysql', join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        for (const sql of AS_ROLE) await session.run(sql)
        await session.close()
        await place.backUp(server)
      })
      await leave(place, 'ann')
      await withServer('mysql', join(folder, 'target'), async (server, engine) => {
        const { notes, outcome } = await place.restore(server)
        expect(outcome?.checks.filter(one => one.outcome === 'failed')).toEqual([])
        expect(notes.join('\n')).toMatch(
          /it is about one of them: GRANT .*`ann`@`localhost`.* TO `bob`/,
        )
        const session = await engine.connect(server.administrator)
        const rows = await session.rows(ACCOUNTS)
        expect(rows.map(({ name }) => name)).toEqual(['bob@localhost', 'reader@%'])
        const grants = JSON.stringify(await session.rows('SHOW GRANTS FOR bob@localhost'))
        expect(grants).toContain('GRANT `reader`@`%` TO `bob`@`localhost`')
        expect(grants).not.toMatch(/PROXY|ann/)
        await session.close()
      })
    })
  },
)

const AS_ROLE = [
  'CREATE DATABASE shop',
  'CREATE TABLE shop.t (n INT)',
  ...['CREATE ROLE reader', 'CREATE USER ann@localhost, bob@localhost'],
  'GRANT PROXY ON ann@localhost TO bob@localhost',
  'GRANT ann@localhost, reader TO bob@localhost',
  'SET DEFAULT ROLE ALL TO bob@localhost',
]

const SOURCE = [
  'CREATE DATABASE shop',
  'CREATE TABLE shop.t (n INT)',
  'CREATE USER ann@localhost, bob@localhost, ecomdb_issuer@localhost',
  'GRANT PROXY ON ann@localhost TO bob@localhost',
  'CREATE ROLE hers WITH ADMIN ann@localhost',
  'CREATE ROLE `both`',
  'GRANT `both` TO ann@localhost WITH ADMIN OPTION',
  'GRANT `both` TO bob@localhost WITH ADMIN OPTION',
  'REVOKE `both` FROM root@localhost',
  'CREATE ROLE typo WITH ADMIN nobody@localhost',
  // Taken for an account.
  'CREATE ROLE word WITH ADMIN chief',
  'CREATE ROLE chief',
  'CREATE ROLE held WITH ADMIN chief',
  // SHOW GRANTS does not tell of it before the next start.
  "CREATE ROLE late WITH ADMIN `l'ate`@'10.%'",
  "CREATE USER `l'ate`@'10.%'",
  'CREATE USER s_bob_0123456789ab@localhost WITH MAX_USER_CONNECTIONS 10',
  'CREATE ROLE short WITH ADMIN s_bob_0123456789ab@localhost',
]

const EXPECTED = [
  ...['bob@localhost', 'both@', 'chief@', 'ecomdb_issuer@localhost', 'held@', 'hers@'],
  ...["l'ate@10.%", 'late@', 'short@', 'typo@', 'word@'],
]

const ADMINISTRATORS = ['bob both', 'chief held', "l'ate late", 'root chief']
