import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Secret } from '#core/secret'
import { clusterLacks } from '#engine/shared/cluster-lacks'
import { TEST_ENGINES } from '#test/engines'
import { startOwnServer } from '#test/own-server'

const GROUP = 'aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa'

test.each(TEST_ENGINES)('%s: a server that is in no cluster lacks nothing of one', async family => {
  const { engine, server, remove } = await startOwnServer(family)
  const session = await engine.connect(server.administrator)
  expect(await clusterLacks(session)).toEqual([])
  await session.close()
  await remove()
})

test.each(TEST_ENGINES.filter(family => family === 'mysql'))(
  '%s: a member of a group that is not in it is told, and one that is in it is not',
  async family => {
    const { engine, server, remove } = await startOwnServer(family, [
      '--plugin-load-add=group_replication.so',
      `--loose-group-replication-group-name=${GROUP}`,
      '--loose-group-replication-start-on-boot=OFF',
    ])
    const session = await engine.connect(server.administrator)
    expect(await clusterLacks(session)).toEqual([expect.stringContaining('it is OFFLINE')])
    await session.run(
      `SET GLOBAL group_replication_local_address = '127.0.0.1:${await freePort()}'`,
    )
    await session.run('SET GLOBAL group_replication_bootstrap_group = ON')
    await session.run('START GROUP_REPLICATION')
    expect(await clusterLacks(session)).toEqual([])
    await session.run('STOP GROUP_REPLICATION')
    expect(await clusterLacks(session)).toHaveLength(1)
    await session.run('SET GLOBAL super_read_only = OFF')
    await session.run("CREATE USER reader@'localhost' IDENTIFIED BY 'Reader-1'")
    await session.run("GRANT REPLICATION CLIENT ON *.* TO reader@'localhost'")
    await session.close()
    const password = new Secret('Reader-1')
    const reader = await engine.connect({ ...server.administrator, user: 'reader', password })
    expect(await clusterLacks(reader)).toEqual([expect.stringContaining('may not see')])
    await reader.close()
    await remove()
  },
)

test.each(TEST_ENGINES.filter(family => family === 'mariadb'))(
  '%s: a node of Galera that is not in step with the others is told, and one that is Synced is not',
  async family => {
    const first = await startOwnServer(family)
    const plain = await first.engine.connect(first.server.administrator)
    const library = join(
      (await plain.value('SELECT @@basedir')) ?? '',
      'lib/galera/libgalera_smm.so',
    )
    await plain.close()
    await first.remove()
    // A part of Debian's server package; not of all.
    if (!existsSync(library)) return
    const port = await freePort()
    const { engine, server, remove } = await startOwnServer(family, [
      '--wsrep-on=ON',
      `--wsrep-provider=${library}`,
      '--wsrep-cluster-address=gcomm://',
      '--wsrep-node-address=127.0.0.1',
      `--wsrep-provider-options=base_port=${port};gmcast.listen_addr=tcp://127.0.0.1:${port}`,
      '--innodb-autoinc-lock-mode=2',
    ])
    const session = await engine.connect(server.administrator)
    expect(await clusterLacks(session)).toEqual([])
    await session.run('SET GLOBAL wsrep_desync = ON')
    expect(await clusterLacks(session)).toEqual([
      expect.stringContaining('wsrep_local_state_comment is Donor/Desynced'),
    ])
    await session.run('SET GLOBAL wsrep_desync = OFF')
    await session.close()
    await remove()
  },
)

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
