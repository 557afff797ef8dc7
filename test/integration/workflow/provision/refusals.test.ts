import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EcomdbError } from '#core/errors'
import { silentProgress } from '#core/progress'
import type { Engine } from '#engine/engine'
import type { RunningServer } from '#engine/scratch-server'
import type { Session } from '#engine/session'
import { TEST_ENGINES } from '#test/engines'
import { sharedServer, withDatabase } from '#test/servers'
import { buildStage, readShop } from '#test/shop-history'
import { applyProvision } from '#workflow/provision/apply-provision'
import { type ProvisionOptions, planProvision } from '#workflow/provision/plan-provision'

const naming = { prefix: `t_${randomBytes(4).toString('hex')}`, host: 'localhost' }

afterAll(async () => {
  for (const family of TEST_ENGINES) {
    const { engine, server } = await sharedServer(family)
    const session = await engine.connect(server.administrator)
    await session.run(`DROP USER IF EXISTS '${naming.prefix}_definer'@localhost`)
    await session.close()
  }
})

async function refusalOf(engine: Engine, options: ProvisionOptions): Promise<EcomdbError> {
  const error = await applyProvision(engine, options, silentProgress()).catch(reason => reason)
  if (error instanceof EcomdbError) return error
  throw new Error(`it was not refused: ${error}`)
}

/** [what is done to a provisioned schema, how to undo it, the object, part of the difference] */
const DRIFT: readonly [change: string, undo: string, object: string, difference: RegExp][] = [
  [
    'ALTER TABLE order_items MODIFY price_usd DECIMAL(8,2) NOT NULL',
    'ALTER TABLE order_items MODIFY price_usd DECIMAL(6,2) NOT NULL',
    'table order_items',
    /expected `price_usd` decimal\(6,2\) NOT NULL, found `price_usd` decimal\(8,2\) NOT NULL/,
  ],
  [
    'ALTER TABLE users ADD COLUMN email VARCHAR(99) NULL',
    'ALTER TABLE users DROP COLUMN email',
    'table users',
    /`email` varchar\(99\).* is not from the migrations/,
  ],
  [
    'ALTER TABLE orders DROP KEY orders_created_at',
    'ALTER TABLE orders ADD KEY orders_created_at (created_at, price_usd)',
    'table orders',
    /KEY `orders_created_at` \(`created_at`,`price_usd`\) is missing/,
  ],
  [
    'ALTER TABLE website_pageviews DROP FOREIGN KEY website_pageviews_session',
    'ALTER TABLE website_pageviews ADD CONSTRAINT website_pageviews_session FOREIGN KEY (website_session_id) REFERENCES website_sessions (website_session_id)',
    'table website_pageviews',
    /CONSTRAINT `website_pageviews_session` .* is missing/,
  ],
  [
    'CREATE TRIGGER spy AFTER INSERT ON chat_messages FOR EACH ROW SET @spy = 1',
    'DROP TRIGGER spy',
    'trigger spy',
    /it is not from the migrations, and runs on chat_messages/,
  ],
  [
    'ALTER TABLE users MODIFY last_name VARCHAR(50) NULL AFTER user_id',
    'ALTER TABLE users MODIFY last_name VARCHAR(50) NULL AFTER first_name',
    'table users',
    /its columns are in another order/,
  ],
  [
    'ALTER TABLE chat_messages RENAME TO said',
    'ALTER TABLE said RENAME TO chat_messages',
    'table chat_messages',
    /it is gone/,
  ],
  [
    'CREATE OR REPLACE VIEW monthly_volume AS SELECT 1 AS one',
    '',
    'view monthly_volume',
    /line 1: expected .*_definer.*found .*root/,
  ],
]

describe.each(TEST_ENGINES)('%s: a provisioned schema', family => {
  test('drift is named by object and difference, apply refuses, and no drift is left', async () => {
    await withDatabase(family, async ({ engine, server, session, database }) => {
      const options = { connect: { ...server.administrator, database }, naming }
      await applyProvision(engine, options, silentProgress())
      for (const [change, undo, object, difference] of DRIFT) {
        await session.run(change)
        const { findings } = await planProvision(engine, options)
        expect(findings, change).toMatchObject([{ object }])
        expect(findings[0]?.difference).toMatch(difference)
        expect(await refusalOf(engine, options)).toMatchObject({
          code: 'SCHEMA_DRIFT',
          exitCode: 3,
          why: expect.stringContaining(object),
        })
        if (!undo) return
        await session.run(undo)
        expect((await planProvision(engine, options)).findings).toEqual([])
      }
    })
  })

  test('rows, counters and strangers are no drift', async () => {
    await withDatabase(family, async ({ engine, server, session, database }) => {
      const options = { connect: { ...server.administrator, database }, naming }
      await applyProvision(engine, options, silentProgress())
      await session.run("INSERT INTO users VALUES (77, '2014-01-01', 'A', 'B')")
      await session.run('CREATE TABLE newsletter (id INT PRIMARY KEY)')
      await session.run('CREATE TRIGGER t AFTER INSERT ON newsletter FOR EACH ROW SET @a = 1')
      await session.run('CREATE PROCEDURE hello() SELECT 1')
      expect((await planProvision(engine, options)).findings).toEqual([])
    })
  })

  test('an edited migration, and one of a newer ecomdb, are refused', async () => {
    await withDatabase(family, async ({ engine, server, session, database }) => {
      const options = { connect: { ...server.administrator, database }, naming }
      await applyProvision(engine, options, silentProgress())
      await session.run(`UPDATE ecomdb_migration SET checksum = REPEAT('0', 64) WHERE version = 5`)
      await session.run(
        `INSERT INTO ecomdb_migration SELECT 9999, 'future', checksum, state, 1, started_at,
           finished_at, applied_by, 'ecomdb 9.9' FROM ecomdb_migration WHERE version = 1`,
      )
      expect((await planProvision(engine, options)).findings).toMatchObject([
        { object: 'migration 5 orders', difference: expect.stringContaining('was edited') },
        { object: 'migration 9999 future', difference: expect.stringContaining('ecomdb 9.9') },
      ])
      expect((await refusalOf(engine, options)).code).toBe('SCHEMA_DRIFT')
    })
  })

  test('a second run is told who holds the lock', async () => {
    await withDatabase(family, async ({ engine, server, database }) => {
      const connect = { ...server.administrator, database }
      const holder = await engine.provisioner.connect(connect)
      await engine.provisioner.lock(holder, database)
      const refused = await refusalOf(engine, { connect, naming })
      expect(refused).toMatchObject({ code: 'LOCKED', exitCode: 11 })
      expect(refused.why).toContain(`connection ${holder.connectionId} of 'root'`)
      await holder.close()
    })
  })
})

/** [what is done to stage 8, the object that is named, part of the difference] */
const OBSTACLES: readonly [change: string, object: string, difference: RegExp][] = [
  ['ALTER TABLE users ADD COLUMN email VARCHAR(99)', 'table users', /column email is none/],
  ['ALTER TABLE users DROP COLUMN last_name', 'table users', /column last_name is missing/],
  ['ALTER TABLE users MODIFY created_at TIMESTAMP(3) NULL', 'table users', /no time/],
  ['ALTER TABLE order_items MODIFY price_usd DECIMAL(10,4)', 'table order_items', /no money/],
  ['ALTER TABLE orders DROP PRIMARY KEY', 'table orders', /no primary key/],
  ['CREATE INDEX mine ON users (last_name)', 'table users', /index mine/],
  [
    'CREATE TRIGGER spy AFTER DELETE ON order_items FOR EACH ROW SET @spy = 1',
    'trigger spy',
    /runs on order_items/,
  ],
  [
    'ALTER TABLE orders ADD CONSTRAINT odd FOREIGN KEY (order_id) REFERENCES users (user_id)',
    'table orders',
    /foreign key odd to users/,
  ],
  [
    'UPDATE order_items SET price_usd = NULL',
    'migration 3 order_items',
    /11 order items that lack/,
  ],
  ['UPDATE order_items SET is_primary_item = 2', 'migration 3 order_items', /neither 0 nor 1/],
  ['UPDATE chat_messages SET chat_message_id = 1', 'migration 8 chat', /2 .*id is not unique/],
  ['UPDATE chat_messages SET user_id = 1', 'migration 8 chat', /both a user and a support/],
]

describe.each(TEST_ENGINES)('%s: an older stage', family => {
  let engine: Engine
  let server: RunningServer
  beforeAll(async () => {
    ;({ engine, server } = await sharedServer(family))
  })

  test('what an adoption could not keep is refused before anything is changed', async () => {
    for (const [change, object, difference] of OBSTACLES) {
      await withDatabase(family, async ({ session, database }) => {
        await buildStage(session, 8)
        await session.run('SET foreign_key_checks = 0')
        await session.run(change)
        const options = { connect: { ...server.administrator, database }, naming }
        const before = await everything(engine, session, database)
        const { findings } = await planProvision(engine, options)
        expect(findings, change).toMatchObject([{ object }])
        expect(findings[0]?.difference, change).toMatch(difference)
        expect((await refusalOf(engine, options)).code).toBe('SCHEMA_DRIFT')
        expect(await everything(engine, session, database)).toEqual(before)
      })
    }
  })
})

async function everything(engine: Engine, session: Session, database: string): Promise<object> {
  const { description, objects } = await engine.provisioner.observe(session, database)
  return { description, objects, rows: await readShop(session) }
}
