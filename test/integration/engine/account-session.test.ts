import { join } from 'node:path'
import { expect, test } from 'vitest'
import { connectToAccounts } from '#engine/account-session'
import { withServer } from '#test/backed-up'
import { TEST_ENGINES } from '#test/engines'
import { withFolder } from '#test/temporary'

const STATEMENTS = [
  "CREATE USER ben@'%' IDENTIFIED BY 'aA1!aaaaaaaaaa'",
  "ALTER USER ada@'%' ACCOUNT LOCK",
  "GRANT SELECT ON *.* TO ada@'%'",
  "DROP USER ada@'%'",
]

test.each(TEST_ENGINES)(
  '%s: a statement about accounts that a backup keeps waiting ends, and says who does',
  family =>
    withFolder(async folder => {
      await withServer(family, join(folder, 'server'), async (server, engine) => {
        const backup = await engine.connect(server.administrator)
        const session = await connectToAccounts(engine, server.administrator)
        expect(await session.value('SELECT @@SESSION.lock_wait_timeout')).toBe('30')
        await backup.run("CREATE USER ada@'%' IDENTIFIED BY 'aA1!aaaaaaaaaa'")
        if (family === 'mysql') {
          await backup.run('LOCK INSTANCE FOR BACKUP')
          await session.run('SET SESSION lock_wait_timeout = 1')
          for (const sql of STATEMENTS) {
            await expect(session.run(sql), sql).rejects.toMatchObject({
              code: 'LOCKED',
              hints: [expect.stringContaining('ecomdb backup logical'), expect.anything()],
            })
          }
          await backup.run('UNLOCK INSTANCE')
        }
        for (const sql of STATEMENTS) await session.run(sql)
        await session.close()
        await backup.close()
      })
    }),
)
