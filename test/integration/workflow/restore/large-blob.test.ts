import { join } from 'node:path'
import { expect, test } from 'vitest'
import { withServer } from '#test/backed-up'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { withBackups } from '#test/with-backups'

const MIB = 1024 * 1024

/** All bytes, and nothing that a packer finds again in one of its blocks. */
const BYTES = `SELECT REPEAT(one.x, 64) FROM (WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
  SELECT GROUP_CONCAT(RANDOM_BYTES(1024), REPEAT('a', 24) SEPARATOR '') AS x FROM n) AS one`
const HASHES = 'SELECT id, LENGTH(b) AS bytes, SHA2(b, 256) AS hash FROM shop.t ORDER BY id'

test.each(SLOW_TEST_ENGINES)(
  '%s: a value of 64 MiB comes back, as a file and as INSERT, or is refused before anything is made',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      const large = family === 'mariadb' ? ['--innodb-log-file-size=512M'] : []
      const options = ['--max-allowed-packet=128M', ...large]
      const before = await withServer(
        family,
        join(folder, 'source'),
        async (server, engine) => {
          const session = await engine.connect(server.administrator)
          await session.run('CREATE DATABASE shop')
          await session.run('CREATE TABLE shop.t (id INT PRIMARY KEY, b LONGBLOB)')
          await session.run(`SET group_concat_max_len = ${128 * MIB}`)
          await session.run(`INSERT INTO shop.t SELECT 1, RPAD((${BYTES}), ${64 * MIB}, 'z')`)
          await session.run("INSERT INTO shop.t VALUES (2, 'small')")
          await place.report(server)
          const rows = await session.rows(HASHES)
          await session.close()
          return rows
        },
        options,
      )
      expect(before).toMatchObject([{ bytes: 64 * MIB }, { bytes: 5 }])
      await withServer(
        family,
        join(folder, 'target'),
        async (server, engine) => {
          const session = await engine.connect(server.administrator)
          await place.restore(server)
          expect(await session.rows(HASHES)).toEqual(before)
          await session.run('DROP DATABASE shop')
          await session.run('SET GLOBAL local_infile = OFF')
          await session.run(`SET GLOBAL max_allowed_packet = ${64 * MIB}`)
          await expect(place.restore(server)).rejects.toMatchObject({
            code: 'UNSUPPORTED',
            why: expect.stringMatching(
              /^local_infile is OFF and max_allowed_packet is 67108864 here, .*: shop\.t$/,
            ),
          })
          expect(await session.rows("SHOW DATABASES LIKE 'shop'")).toEqual([])
          await session.run(`SET GLOBAL max_allowed_packet = ${128 * MIB}`)
          await place.restore(server)
          expect(await session.rows(HASHES)).toEqual(before)
          await session.close()
        },
        options,
      )
    })
  },
)
