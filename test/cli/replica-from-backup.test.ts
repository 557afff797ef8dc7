import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { EngineFamily } from '#domain/engine-family'
import type { RunningServer } from '#engine/scratch-server'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { logWords } from '#test/log-words'
import { LEDGER, LoggedShop, startLogged, Writers } from '#test/logged-shop'
import { makeFolder } from '#test/temporary'

const ROWS = [
  'SELECT * FROM shop.ledger ORDER BY writer, seq',
  'SELECT * FROM shop.audit ORDER BY writer, seq',
  'SELECT * FROM shop.victim ORDER BY writer, seq',
  'SELECT * FROM shop.totals ORDER BY writer',
]

/** The statements of docs/replica.md. */
const FOLLOW: Readonly<Record<EngineFamily, (at: Source) => string[]>> = {
  mariadb: ({ port, gtidSet }) => [
    `SET GLOBAL gtid_slave_pos = '${gtidSet}'`,
    `CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = ${port}, MASTER_USER = 'repl',
       MASTER_PASSWORD = 'Only-4-replicas', MASTER_USE_GTID = slave_pos`,
    'START SLAVE',
  ],
  mysql: ({ port, gtidSet, isRows, version }) => [
    ...(isRows ? [logWords(version).reset, `SET GLOBAL gtid_purged = '${gtidSet}'`] : []),
    `CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = ${port}, SOURCE_USER = 'repl',
       SOURCE_PASSWORD = 'Only-4-replicas', SOURCE_AUTO_POSITION = 1,
       SOURCE_SSL = 0, GET_SOURCE_PUBLIC_KEY = 1`,
    'START REPLICA',
  ],
}

const STATE: Readonly<Record<EngineFamily, { status: string; had: string; has: string }>> = {
  mariadb: {
    status: 'SHOW SLAVE STATUS',
    had: 'SELECT @@gtid_binlog_pos',
    has: 'SELECT @@gtid_slave_pos',
  },
  mysql: {
    status: 'SHOW REPLICA STATUS',
    had: 'SELECT @@gtid_executed',
    has: 'SELECT @@gtid_executed',
  },
}

const GTIDS: Readonly<Record<EngineFamily, string[]>> = {
  mariadb: [],
  mysql: ['--gtid-mode=ON', '--enforce-gtid-consistency=ON'],
}

interface Source {
  port: number
  gtidSet: string
  /** Restored from rows, and not from files. */
  isRows: boolean
  version: string
}

describe.each(SLOW_TEST_ENGINES)('%s: a replica from a backup', family => {
  let folder: string
  let shop: LoggedShop
  let writers: Writers | null = null
  const replicas: string[] = []

  beforeAll(async () => {
    folder = await makeFolder()
    shop = await LoggedShop.make(family, folder, ['--server-id=1'])
    await shop.run(
      ...LEDGER,
      "CREATE USER repl@'%' IDENTIFIED BY 'Only-4-replicas'",
      "GRANT REPLICATION SLAVE ON *.* TO repl@'%'",
    )
    if (family === 'mysql') await shop.run("INSTALL PLUGIN clone SONAME 'mysql_clone.so'")
  })

  afterAll(async () => {
    await writers?.stop()
    for (const replica of replicas) await shop.engine.scratchServers.remove(replica)
    await shop?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  const ecomdb = async (args: string[], server = shop.source) => {
    const result = await shop.ecomdb([...args, '--quiet'], server)
    expect(result.status, result.stderr).toBe(0)
    return result
  }

  const backUp = async (method: string): Promise<{ id: string; gtidSet: string }> => {
    const { result } = (await ecomdb(['backup', method, '--json'])).json()
    return { id: result.snapshotId, gtidSet: result.position.gtidSet }
  }

  /** Changes are made meanwhile, and some before and behind it. */
  const whileWriting = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    writers = new Writers(shop, 3)
    await writers.untilCommitted(50)
    const result = await work()
    await writers.untilCommitted(writers.committed + 50)
    await writers.stop()
    writers = null
    return result
  }

  const follow = async (replica: RunningServer, gtidSet: string, isRows: boolean) => {
    const session = await shop.engine.connect(replica.administrator)
    try {
      const at = { port: shop.source.port ?? 0, gtidSet, isRows, version: replica.version }
      for (const sql of FOLLOW[family](at)) await session.run(sql)
    } finally {
      await session.close()
    }
  }

  const expectAllOf = async (replica: RunningServer) => {
    const { status, had, has } = STATE[family]
    const wanted = await shop.value(had)
    while ((await shop.value(has, replica)) !== wanted) {
      const [state] = await shop.rows(status, replica)
      expect(state).toMatchObject({ Last_SQL_Error: '', Last_IO_Error: '' })
      await sleep(100)
    }
    for (const sql of ROWS) expect(await shop.rows(sql, replica)).toEqual(await shop.rows(sql))
  }

  test('of rows has every row of its source', async () => {
    const { id, gtidSet } = await whileWriting(() => backUp('logical'))
    const at = join(folder, 'rows')
    replicas.push(at)
    const replica = await startLogged(shop.engine, at, ['--server-id=2'])
    await ecomdb(['restore', id, '--confirm', 'shop'], replica)
    await whileWriting(() => follow(replica, gtidSet, true))
    await expectAllOf(replica)
  })

  test('of data files has every row of its source', async () => {
    const { id, gtidSet } = await whileWriting(() => backUp('physical'))
    const at = await shop.engine.scratchServers.claim(join(folder, 'files'))
    replicas.push(at)
    await ecomdb(['restore', id, '--data-dir', join(at, 'data')])
    const replica = await shop.engine.scratchServers.start({
      ...{ folder: at, tcp: true, purpose: 'drill', asItIs: true },
      serverOptions: ['--log-bin=binlog', ...GTIDS[family], '--server-id=3'],
    })
    await whileWriting(() => follow(replica, gtidSet, false))
    await expectAllOf(replica)
  })
})
