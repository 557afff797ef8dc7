import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Session } from '#engine/session'
import { withServer } from '#test/backed-up'
import { TEST_ENGINES } from '#test/engines'
import { withBackups } from '#test/with-backups'

const CRM = [
  'CREATE DATABASE crm',
  'CREATE TABLE crm.customers (id INT PRIMARY KEY)',
  'CREATE TABLE crm.log (id INT)',
]

const SHOP = [
  'CREATE DATABASE shop',
  `CREATE TABLE shop.orders (id INT PRIMARY KEY, customer_id INT,
     CONSTRAINT of_crm FOREIGN KEY (customer_id) REFERENCES crm.customers (id))`,
  `CREATE TRIGGER shop.noted AFTER INSERT ON shop.orders FOR EACH ROW
     INSERT INTO crm.log VALUES (NEW.id)`,
]

async function runAll(session: Session, statements: readonly string[]): Promise<void> {
  for (const sql of statements) await session.run(sql)
}

const ALONE = { databases: ['shop'], confirm: 'shop' }

test.each(TEST_ENGINES)(
  '%s: some databases: keys and programs that reach into others are told, and rows that lost theirs counted',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      let part = ''
      await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        await runAll(session, [
          ...CRM,
          ...SHOP,
          `CREATE TABLE crm.visits (id INT PRIMARY KEY, order_id INT,
             CONSTRAINT of_shop FOREIGN KEY (order_id) REFERENCES shop.orders (id))`,
          'INSERT INTO crm.customers VALUES (1), (2), (3)',
          'INSERT INTO shop.orders VALUES (1, 1), (2, 2), (3, NULL)',
          'INSERT INTO crm.visits VALUES (1, 1), (2, NULL)',
        ])
        const alone = await place.report(server, ['shop'])
        part = alone.snapshotId
        expect(alone.findings).toEqual([
          expect.stringMatching(
            /^foreign key of_crm of table shop\.orders refers to crm\.customers/,
          ),
        ])
        expect((await place.report(server)).findings).toEqual([])

        await runAll(session, ['SET foreign_key_checks = 0', 'DROP DATABASE shop'])
        const same = await place.restore(server, ALONE)
        expect(same.findings).toEqual([])
        expect(same.notes).toContainEqual(expect.stringMatching(/: crm in trigger shop\.noted$/))

        // The live side moves on, in both directions.
        await runAll(session, [
          'INSERT INTO crm.visits VALUES (3, 77), (4, 78)',
          'DELETE FROM crm.customers WHERE id = 2',
          'DROP DATABASE shop',
        ])
        const moved = await place.restore(server, ALONE)
        expect(moved.findings).toEqual([
          expect.stringMatching(
            /^foreign key of_shop of .*, and 2 rows of crm\.visits have nothing/,
          ),
          expect.stringMatching(
            /^foreign key of_crm of .*, and 1 row of shop\.orders have nothing/,
          ),
        ])
        // What takes longer is cut off, and says what to run.
        await runAll(session, [
          `CREATE TABLE crm.numbers (n INT PRIMARY KEY AUTO_INCREMENT, o INT)`,
          ...Array.from({ length: 20 }, (_, at) =>
            at === 0
              ? 'INSERT INTO crm.numbers (o) VALUES (1)'
              : 'INSERT INTO crm.numbers (o) SELECT 1 FROM crm.numbers',
          ),
          `ALTER TABLE crm.numbers ADD CONSTRAINT slow FOREIGN KEY (o) REFERENCES shop.orders (id)`,
        ])
        const asked = await engine.logicalWriter.keysBetween(session, ['shop'], 0.002)
        const slow = asked.find(({ name }) => name === 'slow')
        expect(slow).toMatchObject({ orphans: null, error: expect.stringMatching(/time/) })
        expect(await session.value(slow?.statement ?? '')).toBe('0')
        await session.close()
      })
      await withServer(family, join(folder, 'target'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        for (const snapshot of ['latest', part]) {
          const { findings } = await place.restore(server, { ...ALONE, snapshot })
          expect(findings[0]).toMatch(/of_crm of table shop\.orders refers to crm\.customers.*1452/)
          // The part of one database knows of crm by its key alone.
          expect(findings.slice(1)).toEqual([
            expect.stringMatching(/^crm is not restored.*\(trigger shop\.noted\)/),
          ])
          await session.run('DROP DATABASE shop')
        }
        // A live key to what the snapshot does not bring.
        await runAll(session, [
          'CREATE DATABASE web',
          'SET foreign_key_checks = 0',
          `CREATE TABLE web.cart (id INT PRIMARY KEY, item INT,
             CONSTRAINT of_item FOREIGN KEY (item) REFERENCES shop.items (id))`,
        ])
        const { findings } = await place.restore(server)
        expect(findings).toEqual([
          expect.stringMatching(
            /^foreign key of_item of table web\.cart refers to shop\.items, which is not in/,
          ),
        ])
        await session.close()
      })
    })
  },
)
