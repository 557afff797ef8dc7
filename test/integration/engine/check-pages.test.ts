import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engineFor } from '#cli/wire'
import type { EngineFamily } from '#domain/engine-family'
import { findInstallation } from '#engine/installation'
import { runProgram } from '#process/run-program'
import { damagePage } from '#test/damaged-page'
import { TEST_ENGINES } from '#test/engines'
import { startOwnServer } from '#test/own-server'
import { withFolder } from '#test/temporary'

describe.each(TEST_ENGINES)('pages of %s', family => {
  let own: Awaited<ReturnType<typeof startOwnServer>>
  let data: string
  let table: string

  beforeAll(async () => {
    own = await startOwnServer(family, ['--innodb-fast-shutdown=0'])
    const session = await own.engine.connect(own.server.administrator)
    await session.run('CREATE DATABASE pages')
    await session.run('CREATE TABLE pages.t (id INT PRIMARY KEY, note VARCHAR(200)) ENGINE=InnoDB')
    await session.run(
      `INSERT INTO pages.t WITH RECURSIVE n AS (SELECT 1 AS id UNION ALL SELECT id + 1 FROM n WHERE id < 900)
       SELECT id, REPEAT('a', 100) FROM n`,
    )
    await session.close()
    await own.engine.scratchServers.stop(own.server.folder)
    data = join(own.server.folder, 'data')
    table = join(data, 'pages/t.ibd')
  }, 120_000)

  afterAll(async () => await own.remove())

  test('are good as the server left them, and as an old server wrote them', async () => {
    expect((await own.engine.physicalBackups.checkPages(data, {})).problems).toEqual([])
    if (family !== 'mysql') return
    await rewrite(family, table, 'innodb')
    expect((await own.engine.physicalBackups.checkPages(data, {})).problems).toEqual([])
    await rewrite(family, table, 'crc32')
  })

  test('that are damaged are told with their file', async () => {
    await damagePage(table)
    const { problems } = await own.engine.physicalBackups.checkPages(data, {})
    expect(problems).toEqual([expect.stringMatching(/^pages\/t\.ibd: .*exit status/)])
  })
})

test.each(TEST_ENGINES.flatMap(family => [4096, 65_536].map(size => [family, size] as const)))(
  'pages of %s of %i bytes are good',
  async (family, pageSize) => {
    const engine = await engineFor(family)
    await withFolder(async folder => {
      const place = join(folder, 'server')
      const purpose = 'sandbox'
      const server = await engine.scratchServers.start({
        ...{ folder: place, tcp: false, purpose, pageSize },
      })
      try {
        const session = await engine.connect(server.administrator)
        await session.run('CREATE DATABASE pages')
        await session.run('CREATE TABLE pages.t (id INT PRIMARY KEY, note VARCHAR(200))')
        for (let row = 0; row < 50; row += 1)
          await session.run(`INSERT INTO pages.t VALUES (${row}, 'a')`)
        await session.close()
        await engine.scratchServers.stop(place)
        const { problems } = await engine.physicalBackups.checkPages(join(place, 'data'), {})
        expect(problems).toEqual([])
      } finally {
        await engine.scratchServers.remove(place)
      }
    })
  },
  120_000,
)

/** With checksums of this kind. */
async function rewrite(family: EngineFamily, file: string, checksum: string): Promise<void> {
  const program = findInstallation(family).program('innochecksum')
  await runProgram(program, ['--no-check', `--write=${checksum}`, file])
}
