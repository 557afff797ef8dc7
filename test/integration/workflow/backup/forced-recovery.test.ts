import { join } from 'node:path'
import { expect, test } from 'vitest'
import { engineFor } from '#cli/wire'
import type { Engine } from '#engine/engine'
import type { RunningServer } from '#engine/scratch-server'
import { withServer } from '#test/backed-up'
import { TEST_ENGINES } from '#test/engines'
import { SMALL_LOG } from '#test/own-server'
import { withFolder } from '#test/temporary'
import { withBackups } from '#test/with-backups'

test.each(TEST_ENGINES)(
  '%s: a server that leaves out what is damaged without an error is a finding',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      const findings: string[] = []
      await withServer(
        family,
        join(folder, 'source'),
        async server => void findings.push(...(await place.report(server)).findings),
        ['--innodb-force-recovery=1'],
      )
      expect(findings).toContainEqual(expect.stringMatching(/^innodb_force_recovery is 1: /))
    })
  },
)

test.each(TEST_ENGINES)('%s: so it is for its data files', async family => {
  const clone = family === 'mysql' ? ['--plugin-load-add=clone=mysql_clone.so'] : []
  await withFolder(async folder => {
    const check = async (server: RunningServer, engine: Engine): Promise<void> => {
      const { findings } = await engine.physicalBackups.check(server.administrator)
      expect(findings).toContainEqual(expect.stringMatching(/^innodb_force_recovery is 1: /))
    }
    await withServer(family, join(folder, 'source'), check, ['--innodb-force-recovery=1', ...clone])
  })
})

// The server has a fault there: the question for its tablespaces would end it.
test
  .runIf(TEST_ENGINES.includes('mariadb'))
  .each(['--innodb-read-only', '--innodb-force-recovery=6'])(
  'mariadb: %s is no way to copy data files, and the server lives on',
  async option => {
    await withFolder(async folder => {
      const source = join(folder, 'source')
      const engine = await engineFor('mariadb')
      const start = async (...serverOptions: string[]) =>
        await engine.scratchServers.start({
          ...{ folder: source, tcp: false, purpose: 'sandbox' },
          serverOptions: [...SMALL_LOG.mariadb, ...serverOptions],
        })
      try {
        await start()
        await engine.scratchServers.stop(source)
        const server = await start(option)
        await expect(engine.physicalBackups.check(server.administrator)).rejects.toMatchObject({
          code: 'UNSUPPORTED',
          why: expect.stringMatching(/^innodb_/),
        })
        const session = await engine.connect(server.administrator)
        expect(await session.value('SELECT 1')).toBe('1')
        await session.close()
      } finally {
        await engine.scratchServers.remove(source)
      }
    })
  },
)
