import { randomUUID } from 'node:crypto'
import { generateSigningKey } from '#crypto/key-files'
import { signStatement } from '#crypto/signed-statement'
import type { RestoredTrail } from '#domain/audit/restored-trail'
import type { AuditAttack } from './audit-attacks.ts'
import type { AuditPlace } from './audit-place.ts'

/** The trail as it was, whatever happened since. */
async function saved(place: AuditPlace): Promise<void> {
  await place.run(
    `CREATE TABLE ${place.store}_access.event AS SELECT * FROM ${place.store}.event`,
    `CREATE TABLE ${place.store}_access.batch AS SELECT * FROM ${place.store}.batch`,
    `CREATE TABLE ${place.store}_access.notes AS SELECT * FROM ${place.database}.notes`,
  )
}

async function broughtBack({ store, database, run }: AuditPlace, place: AuditPlace): Promise<void> {
  await run.call(
    place,
    `TRUNCATE TABLE ${database}.notes`,
    `INSERT INTO ${database}.notes SELECT * FROM ${store}_access.notes`,
    `TRUNCATE TABLE ${store}.event`,
    `INSERT INTO ${store}.event SELECT * FROM ${store}_access.event`,
    `TRUNCATE TABLE ${store}.batch`,
    `INSERT INTO ${store}.batch SELECT * FROM ${store}_access.batch`,
  )
}

/** Under the cloak of what is done to a trail in good order: a restore, an erasure, retention. */
export const UPKEEP_ATTACKS: readonly AuditAttack[] = [
  {
    name: 'roll the database back to an earlier state',
    expected: ['ROLLED BACK'],
    names: 'and anchors go on to 3',
    async act(place) {
      await saved(place)
      await place.asWriter("INSERT INTO notes (said) VALUES ('five')")
      await place.seal()
      await broughtBack(place, place)
    },
  },
  {
    name: 'roll it back, with a restore that the attacker signed',
    expected: ['ROLLED BACK'],
    names: 'and anchors go on to 3',
    async act(place) {
      await saved(place)
      const { trailId } = await place.verify()
      const restoredTo = await place.newestCheckpoint()
      await place.asWriter("INSERT INTO notes (said) VALUES ('five')")
      await place.seal()
      const anchored = await place.newestCheckpoint()
      await broughtBack(place, place)
      const restored: RestoredTrail = {
        ...{ format: 1, restoreId: randomUUID(), trail: trailId, reason: 'a disk', tool: 'ecomdb' },
        ...{ restoredTo, anchored, restoredAt: '', erasures: [] },
      }
      await place.root.run(
        `INSERT INTO ${place.store}.restored (restore_id, at, statement) VALUES (?, NOW(6), ?)`,
        [restored.restoreId, signStatement('audit-restore', restored, generateSigningKey())],
      )
    },
  },
  {
    name: 'after retention, edit an event that stayed',
    expected: ['EDITED'],
    names: 'is not what was sealed',
    broken: true,
    async act(place) {
      await place.seal({ accept: 'one more batch' })
      await place.prune()
      await place.run(
        "SET @ecomdb_audit_task = 'erase'",
        `UPDATE ${place.store}.event SET account = 'x@y' ORDER BY event_id LIMIT 1`,
        'SET @ecomdb_audit_task = NULL',
      )
    },
  },
  {
    name: 'after retention, put an event into a batch that it emptied',
    expected: ['INSERTED'],
    names: 'of which retention has removed all events',
    broken: true,
    async act(place) {
      await place.asWriter("INSERT INTO notes (said) VALUES ('for a moment')")
      await place.seal()
      const id = await place.root.value(`SELECT MAX(event_id) FROM ${place.store}.event`)
      await place.asWriter("DELETE FROM notes WHERE said = 'for a moment'")
      await place.seal()
      await place.seal({ accept: 'one more batch' })
      await place.prune()
      await place.run(
        `INSERT INTO ${place.store}.event (event_id, at, kind, layout_id, row_key, account, connection_id)
         VALUES (${id}, NOW(6), 'R', 0, '', 'x@y', 1)`,
      )
    },
  },
  {
    name: 'destroy the salt of an event',
    expected: ['EDITED'],
    names: 'has lost its salt, and no erasure says so',
    act: place =>
      place.run(
        "SET @ecomdb_audit_task = 'erase'",
        `UPDATE ${place.store}.event SET salt = NULL WHERE kind = 'U' ORDER BY event_id LIMIT 1`,
        'SET @ecomdb_audit_task = NULL',
      ),
  },
  {
    name: 'remove an event as retention does, unsigned',
    expected: ['GAP'],
    names: 'gone from the trail',
    broken: true,
    act: place =>
      place.run(
        `INSERT INTO ${place.store}.leaf_proof (batch_id, hashes, removed_at) VALUES (2, '', NOW(6))`,
        "SET @ecomdb_audit_task = 'prune'",
        `DELETE FROM ${place.store}.event WHERE kind = 'U' ORDER BY event_id LIMIT 1`,
        'SET @ecomdb_audit_task = NULL',
      ),
  },
  {
    name: 'roll it back, and own up to it with an epoch break: no finding',
    expected: [],
    names: '',
    async act(place) {
      await saved(place)
      await place.asWriter("INSERT INTO notes (said) VALUES ('five')")
      await place.seal()
      await broughtBack(place, place)
      await place.seal({ epochBreak: 'the disk of 3 May' })
      await place.asWriter("INSERT INTO notes (said) VALUES ('six')")
    },
  },
]
