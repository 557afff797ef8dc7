import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runEcomdb } from '#test/cli'
import { TEST_ENGINES } from '#test/engines'
import { withOwnDatabase } from '#test/servers'
import { withFolder } from '#test/temporary'

// The day for which there is a copy: the database and the repository are gone, and so is the
// host with the operations key. What is left: the disk, the escrow key, the public signer.

test.each(TEST_ENGINES)('%s: restored and drilled from the disk with the escrow key', family =>
  withFolder(async folder =>
    withOwnDatabase(family, async ({ server, session, database }) => {
      const env = { ECOMDB_SOCKET: server.socketPath, ECOMDB_USER: 'root', ECOMDB_ENGINE: family }
      const ending = async (status: number, ...args: string[]) => {
        const run = await runEcomdb(args, { cwd: folder, env })
        expect(run.status, `${args.join(' ')}\n${run.stderr}`).toBe(status)
        return run
      }
      const ecomdb = (...args: string[]) => ending(0, ...args)
      await session.run(
        'CREATE TABLE t (id INT PRIMARY KEY, word VARCHAR(40) CHARACTER SET utf8mb4)',
      )
      await session.run("INSERT INTO t VALUES (1, 'eins'), (2, 'zwei ☕'), (3, NULL)")
      await ecomdb('init', '--yes', '--target', 'backups', '--database', database)
      await ecomdb('backup', 'logical', '--databases', database)
      await mkdir(join(folder, 'disk'))
      await ecomdb('target', 'prepare', 'disk', '--label', 'disk-a', '--same-disk')
      await ecomdb('backup', 'copy', '--to', 'disk')
      await session.run("INSERT INTO t VALUES (4, 'vier')")
      await ecomdb('backup', 'logical', '--databases', database)
      const caughtUp = (await ecomdb('backup', 'copy', '--to', 'disk', '--json')).json().result
      expect(caughtUp).toMatchObject({ snapshots: 2, outcome: 'passed' })
      expect(caughtUp.copied).toHaveLength(1)
      expect(caughtUp.recordId).not.toBeNull()

      const { json } = await ecomdb('backup', 'list', '--json', '--from', 'disk')
      const { snapshots } = json().result
      for (const lost of ['backups', 'keys']) {
        await rm(join(folder, lost), { recursive: true })
      }
      await session.run(`DROP DATABASE \`${database}\``)
      const escrow = ['--identity', 'take-away/escrow.identity', '--from', 'disk']
      // Proved; but the configuration names a signing key, and with it gone nobody will know later.
      const drilled = await ending(3, 'drill', '--json', ...escrow)
      expect(drilled.json().result).toMatchObject({
        outcome: 'passed',
        rows: 4,
        unattested: 'the signing key cannot be read',
      })
      await ecomdb('restore', snapshots[0].snapshotId, '--confirm', database, ...escrow)
      await session.run(`USE \`${database}\``)
      const rows = await session.rows('SELECT id, HEX(word) AS word FROM t ORDER BY id')
      expect(rows.map(row => [Number(row['id']), row['word']])).toEqual([
        [1, '65696E73'],
        [2, '7A77656920E29895'],
        [3, null],
      ])
    }),
  ),
)
