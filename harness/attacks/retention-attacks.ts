import type { AuditAttack } from './audit-attacks.ts'
import type { AuditPlace } from './audit-place.ts'
import { refused } from './refused.ts'

/** All batches but the newest lose what is not the newest of a row. */
async function pruned(place: AuditPlace): Promise<void> {
  await place.seal({ accept: 'one more batch' })
  await place.prune()
}

/** All that the trail has of note 1, or what is of one kind. */
async function deleteEvents(place: AuditPlace, kind = '%'): Promise<void> {
  await place.runAs(
    'prune',
    `DELETE e FROM ${place.store}.event AS e JOIN ${place.store}.layout AS l USING (layout_id)
     WHERE l.table_name = 'notes' AND e.row_key = '1:1' AND e.kind LIKE '${kind}'`,
  )
}

/** After retention: a note, and the event that stayed of it. */
async function deleteStayed(place: AuditPlace): Promise<void> {
  await pruned(place)
  await place.run('DELETE FROM notes WHERE id = 1')
  await deleteEvents(place)
}

/** Deletes an event of batch 2, and says that retention has come to that, which nobody signed. */
async function removeUnsigned(place: AuditPlace, removedAt: 'NULL' | 'NOW(6)'): Promise<void> {
  await place.run(
    `INSERT INTO ${place.store}.leaf_proof (batch_id, hashes, removed_at) VALUES (2, '', ${removedAt})`,
  )
  await place.runAs(
    'prune',
    `DELETE FROM ${place.store}.event WHERE kind = 'U' ORDER BY event_id LIMIT 1`,
  )
}

async function forgeProof(place: AuditPlace, removedAt: 'NULL' | 'NOW(6)'): Promise<void> {
  await removeUnsigned(place, removedAt)
  await place.seal({ accept: 'one more batch' })
  await requireRefusal(place)
}

/** Retention must not put its signature on what was done. */
export async function requireRefusal(place: AuditPlace): Promise<void> {
  const count = `SELECT COUNT(*) FROM ${place.store}.event`
  const before = await place.root.value(count)
  await refused(place.prune(), 'TRAIL_BROKEN')
  const after = await place.root.value(count)
  if (before !== after) throw new Error(`events were removed: ${before}, now ${after}`)
}

/** Under the cloak of retention. */
export const RETENTION_ATTACKS: readonly AuditAttack[] = [
  {
    name: 'after retention, edit an event that stayed',
    expected: ['EDITED'],
    names: 'is not what was sealed',
    broken: true,
    async act(place) {
      await pruned(place)
      await place.runAs(
        'erase',
        `UPDATE ${place.store}.event SET account = 'x@y' ORDER BY event_id LIMIT 1`,
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
      await pruned(place)
      await place.run(
        `INSERT INTO ${place.store}.event (event_id, at, kind, layout_id, row_key, account, connection_id)
         VALUES (${id}, NOW(6), 'R', 0, '', 'x@y', 1)`,
      )
    },
  },
  {
    name: 'remove an event as retention does, unsigned',
    expected: ['GAP'],
    names: 'gone from the trail',
    broken: true,
    act: place => removeUnsigned(place, 'NOW(6)'),
  },
  {
    name: 'after retention, delete a row and the event that stayed of it',
    expected: ['GAP'],
    names: 'and retention had left it',
    broken: true,
    async act(place) {
      await deleteStayed(place)
    },
  },
  {
    name: 'between two retentions, remove the event that stayed of a row that was deleted',
    expected: ['GAP'],
    names: 'and retention had left it',
    broken: true,
    async act(place) {
      await pruned(place)
      await place.asWriter('DELETE FROM notes WHERE id = 1')
      await place.seal()
      await deleteEvents(place, 'B')
      await requireRefusal(place)
    },
  },
  {
    name: 'after retention, delete what stayed, and that it stayed',
    expected: ['EDITED'],
    names: 'retention has left is not what was signed',
    broken: true,
    async act(place) {
      await deleteStayed(place)
      await place.run(`DELETE FROM ${place.store}.kept_event WHERE batch_id = 1`)
      await requireRefusal(place)
    },
  },
  {
    name: 'after retention, delete what stayed, and let its list be read in two ways',
    expected: ['EDITED'],
    names: 'retention has left is not what was signed',
    broken: true,
    async act(place) {
      await deleteStayed(place)
      // Nobody misses the primary key, and whoever asks for one batch gets the empty list.
      await place.run(
        `CREATE TABLE ${place.store}.two_faced (batch_id INT, ids LONGTEXT) SELECT 1 AS batch_id, '' AS ids`,
        `INSERT INTO ${place.store}.two_faced SELECT batch_id, ids FROM ${place.store}.kept_event`,
        `DROP TABLE ${place.store}.kept_event`,
        `RENAME TABLE ${place.store}.two_faced TO ${place.store}.kept_event`,
      )
    },
  },
  {
    name: 'after retention, put the lists of an earlier one back',
    expected: ['EDITED', 'GAP'],
    names: 'retention has left is not what was signed',
    broken: true,
    async act(place) {
      await pruned(place)
      await place.run(
        `CREATE TABLE ${place.store}_access.kept AS SELECT * FROM ${place.store}.kept_event`,
      )
      await place.asWriter("INSERT INTO notes (said) VALUES ('five')")
      await place.seal()
      await deleteStayed(place)
      await place.run(
        `TRUNCATE TABLE ${place.store}.kept_event`,
        `INSERT INTO ${place.store}.kept_event SELECT * FROM ${place.store}_access.kept`,
      )
    },
  },
  {
    name: 'before retention, put a proof in the place of an event',
    expected: ['GAP'],
    names: 'gone from the trail',
    broken: true,
    act: place => forgeProof(place, 'NULL'),
  },
  {
    name: 'before retention, say that it has come to a batch already',
    expected: ['GAP'],
    names: 'gone from the trail',
    broken: true,
    act: place => forgeProof(place, 'NOW(6)'),
  },
]
