import { generateSigningKey } from '#crypto/key-files'
import { signStatement } from '#crypto/signed-statement'
import type { Checkpoint } from '#domain/audit/checkpoint'
import type { FindingKind } from '#domain/audit/finding'
import type { AuditPlace } from './audit-place.ts'
import { UPKEEP_ATTACKS } from './upkeep-attacks.ts'
import { WATCH_ATTACKS } from './watch-attacks.ts'

/** What root on the server tries, and exactly what a verification says of it. */
export interface AuditAttack {
  name: string
  expected: readonly FindingKind[]
  /** A row, event or file that a finding must name. */
  names: string
  /** A signature or root does not hold: exit status 13. */
  broken?: boolean
  act(place: AuditPlace): Promise<void>
}

const EDIT = "UPDATE messages SET said = 'never said' WHERE id = 2"

/** Drops a trigger and gives what puts it back, word for word. */
async function dropped(place: AuditPlace, table: string): Promise<string> {
  const name = await place.triggerOf(table, 'UPDATE')
  const [row] = await place.root.rows(`SHOW CREATE TRIGGER ${name}`)
  await place.run(`DROP TRIGGER ${name}`)
  return String(row?.['SQL Original Statement'])
}

/** Signs what a batch says anew, changed, with a key of the attacker's. */
async function resign(
  place: AuditPlace,
  batch: number,
  change: (checkpoint: Checkpoint) => Checkpoint,
): Promise<void> {
  const [row] = await place.root.rows(
    `SELECT statement, leaves FROM ${place.store}.batch WHERE batch_id = ${batch}`,
  )
  const payload = JSON.parse(String(row?.['statement'])).payload as string
  const checkpoint = JSON.parse(Buffer.from(payload, 'base64').toString()) as Checkpoint
  const forged = signStatement('audit-checkpoint', change(checkpoint), generateSigningKey())
  const trigger = `${place.store}.batch_is_not_changed`
  await place.run(`DROP TRIGGER ${trigger}`)
  await place.root.run(`UPDATE ${place.store}.batch SET statement = ? WHERE batch_id = ?`, [
    forged,
    batch,
  ])
  await place.run(
    `CREATE TRIGGER ${trigger} BEFORE UPDATE ON ${place.store}.batch FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'ecomdb: batches are added only'`,
  )
}

/** The newest event of a row of messages. */
const newestOf = (place: AuditPlace, key: string): Promise<string | null> =>
  place.root.value(
    `SELECT MAX(event_id) FROM ${place.store}.event JOIN ${place.store}.layout USING (layout_id)
     WHERE table_name = 'messages' AND row_key = ?`,
    [key],
  )

export const AUDIT_ATTACKS: readonly AuditAttack[] = [
  {
    name: 'edit a message, triggers on',
    expected: ['EDITED BY'],
    names: 'root@localhost, who is no writer, updated it',
    act: place => place.run(EDIT),
  },
  {
    name: 'edit a message, triggers off',
    expected: ['EDITED', 'TRIGGER CHANGED'],
    names: 'the row is not what event',
    async act(place) {
      await dropped(place, 'messages')
      await place.run(EDIT)
    },
  },
  {
    name: 'delete a message, triggers off',
    expected: ['DELETED', 'TRIGGER CHANGED'],
    names: 'the row is gone, and no event after',
    async act(place) {
      await place.run(`DROP TRIGGER ${await place.triggerOf('messages', 'DELETE')}`)
      await place.run('DELETE FROM messages WHERE id = 2')
    },
  },
  {
    name: 'insert a message in the past, triggers on',
    expected: ['EDITED BY'],
    names: 'root@localhost, who is no writer, inserted it',
    act: place =>
      place.run("INSERT INTO messages (said_at, user_id, said) VALUES ('2001-01-01', 1, 'x')"),
  },
  {
    name: 'insert a message, triggers off',
    expected: ['INSERTED', 'TRIGGER CHANGED'],
    names: 'the row is there, and no event says so',
    async act(place) {
      await place.run(`DROP TRIGGER ${await place.triggerOf('messages', 'INSERT')}`)
      await place.run("INSERT INTO messages (said_at, user_id, said) VALUES (NOW(), 1, 'x')")
    },
  },
  {
    name: 'TRUNCATE',
    expected: ['DELETED'],
    names: 'the row is gone, and no event after',
    act: place => place.run('TRUNCATE TABLE messages'),
  },
  {
    name: 'drop a trigger, act, put it back',
    expected: ['EDITED', 'TRIGGER CHANGED'],
    names: 'the row is not what event',
    async act(place) {
      const create = await dropped(place, 'messages')
      await place.run(EDIT, create)
    },
  },
  {
    name: 'replace a trigger by one that writes nothing',
    expected: ['EDITED', 'TRIGGER CHANGED'],
    names: 'the row is not what event',
    async act(place) {
      const name = await place.triggerOf('messages', 'UPDATE')
      await dropped(place, 'messages')
      await place.run(
        `CREATE TRIGGER ${name} AFTER UPDATE ON messages FOR EACH ROW SET @nothing = 1`,
        EDIT,
      )
    },
  },
  {
    name: 'edit with sql_log_bin = 0',
    expected: ['EDITED BY'],
    names: 'updated it',
    act: place => place.run('SET sql_log_bin = 0', EDIT, 'SET sql_log_bin = 1'),
  },
  {
    name: 'edit with sql_log_bin = 0, triggers off and put back',
    expected: ['EDITED', 'TRIGGER CHANGED'],
    names: 'the row is not what event',
    async act(place) {
      await place.run('SET sql_log_bin = 0')
      const create = await dropped(place, 'messages')
      await place.run(EDIT, create, 'SET sql_log_bin = 1')
    },
  },
  {
    name: 'edit an event, so that a writer seems to have acted',
    expected: ['EDITED'],
    names: 'is not what was sealed',
    broken: true,
    async act(place) {
      await place.run(EDIT)
      await place.seal()
      await place.runAs(
        'erase',
        `UPDATE ${place.store}.event SET account = '${place.writer}@localhost' WHERE account = 'root@localhost' AND kind = 'U'`,
      )
    },
  },
  {
    name: 'delete an event',
    expected: ['GAP'],
    names: 'gone from the trail',
    broken: true,
    async act(place) {
      await place.runAs(
        'prune',
        `DELETE FROM ${place.store}.event WHERE kind = 'U' ORDER BY event_id LIMIT 1`,
      )
    },
  },
  {
    name: 'delete the newest events, sealed',
    expected: ['GAP', 'INSERTED'],
    names: 'gone from the trail',
    broken: true,
    async act(place) {
      await place.runAs('prune', `DELETE FROM ${place.store}.event ORDER BY event_id DESC LIMIT 1`)
    },
  },
  {
    name: 'delete the newest events before they are sealed',
    expected: ['EDITED'],
    names: 'the row is not what event',
    async act(place) {
      await place.run(EDIT)
      await place.runAs('prune', `DELETE FROM ${place.store}.event ORDER BY event_id DESC LIMIT 1`)
    },
  },
  {
    name: 'put an event among sealed ones',
    expected: ['GAP', 'INSERTED'],
    names: 'was put among those that were sealed before',
    broken: true,
    async act(place) {
      const event = await newestOf(place, '1:2')
      await place.runAs('prune', `DELETE FROM ${place.store}.event WHERE event_id = ${event}`)
      await place.run(
        `INSERT INTO ${place.store}.event (event_id, at, kind, layout_id, row_key, account, connection_id)
         VALUES (0, NOW(6), 'R', 0, '', 'x@y', 1)`,
      )
      await place.root.run(`SET sql_mode = CONCAT(@@sql_mode, ',NO_AUTO_VALUE_ON_ZERO')`)
      await place.run(
        `INSERT INTO ${place.store}.event (event_id, at, kind, layout_id, row_key, account, connection_id)
         VALUES (0, NOW(6), 'R', 0, '', 'x@y', 1)`,
      )
    },
  },
  {
    name: 'rewrite the event table and hash and sign it anew',
    expected: ['EDITED', 'FORKED', 'TRIGGER CHANGED'],
    names: 'not among the trusted signers',
    broken: true,
    async act(place) {
      await place.runAs(
        'erase',
        `UPDATE ${place.store}.event SET account = '${place.writer}@localhost', at = NOW(6)`,
      )
      for (const batch of [1, 2]) {
        await resign(place, batch, one => ({ ...one, root: '00'.repeat(32) }))
      }
    },
  },
  {
    name: 'replace a checkpoint',
    expected: ['FORKED', 'TRIGGER CHANGED'],
    names: 'checkpoint 2 of the database',
    broken: true,
    act: place => resign(place, 2, one => ({ ...one, accept: 'all is well' })),
  },
  ...UPKEEP_ATTACKS,
  {
    name: 'delete by a cascade',
    expected: ['DELETED', 'EDITED BY', 'SETTING CHANGED'],
    names: 'the row is gone, and no event after',
    act: place =>
      place.run(
        'ALTER TABLE messages DROP FOREIGN KEY of_user',
        'ALTER TABLE messages ADD CONSTRAINT of_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE',
        'DELETE FROM users WHERE id = 2',
      ),
  },
  {
    name: 'swap the table by RENAME',
    expected: ['EDITED', 'TRIGGER CHANGED'],
    names: 'the row is not what event',
    act: place =>
      place.run(
        'CREATE TABLE swapped LIKE messages',
        'INSERT INTO swapped SELECT * FROM messages',
        EDIT.replace('messages', 'swapped'),
        'RENAME TABLE messages TO messages_old, swapped TO messages',
      ),
  },
  {
    name: 'exchange a partition',
    expected: ['EDITED'],
    names: 'the row is not what event',
    act: place =>
      place.run(
        'CREATE TABLE exchanged LIKE notes',
        'ALTER TABLE exchanged REMOVE PARTITIONING',
        'INSERT INTO exchanged SELECT * FROM notes',
        "UPDATE exchanged SET said = 'never said' WHERE id = 2",
        'ALTER TABLE notes EXCHANGE PARTITION low WITH TABLE exchanged',
      ),
  },
  {
    name: 'REPLACE, as LOAD DATA REPLACE does',
    expected: ['EDITED BY'],
    names: 'who is no writer',
    act: place => place.run("REPLACE INTO notes VALUES (1, 'never said')"),
  },
  {
    name: 'grant a right on the trail',
    expected: ['GRANT CHANGED'],
    names: 'INSERT ON',
    act: place => place.run(`GRANT INSERT ON ${place.store}.event TO ${place.writer}@localhost`),
  },
  ...WATCH_ATTACKS,
  {
    name: 'edit what ecomdb says that it did, triggers on',
    expected: ['EDITED BY'],
    names: 'ecomdb.operation',
    act: place => place.run(`UPDATE ${place.store}_access.operation SET actor = 'nobody'`),
  },
  {
    name: 'edit what ecomdb says that it did, triggers off',
    expected: ['EDITED', 'TRIGGER CHANGED'],
    names: 'ecomdb.operation 1: the row is not what event',
    act: place =>
      place.run(
        `DROP TRIGGER ${place.store}_access.${place.store}_4_update`,
        `UPDATE ${place.store}_access.operation SET actor = 'nobody'`,
      ),
  },
  {
    name: 'replace a procedure of the trail by one that writes nobody down',
    expected: ['SETTING CHANGED'],
    names: 'routine',
    act: place =>
      place.run(`CREATE PROCEDURE ${place.store}.chat_transcript(chat BIGINT, why TEXT) SELECT 1`),
  },
  {
    name: 'change a setting of the binary log',
    expected: ['SETTING CHANGED'],
    names: 'setting binlog_row_image',
    async act(place) {
      await place.run("SET GLOBAL binlog_row_image = 'MINIMAL'")
    },
  },
  {
    name: "set the session's clock back",
    expected: ['CLOCK CHANGED'],
    names: 'says 2001-09-09',
    act: place =>
      place.asWriter('SET timestamp = 1000000000', "INSERT INTO notes (said) VALUES ('back then')"),
  },
  {
    name: 'edit, triggers off, and write the rows down anew',
    expected: ['EDITED BY', 'TRIGGER CHANGED'],
    names: 'nobody has accepted that',
    async act(place) {
      const create = await dropped(place, 'messages')
      await place.run(EDIT, create)
      await place.install(true)
    },
  },
]
