import { randomUUID } from 'node:crypto'
import { generateSigningKey } from '#crypto/key-files'
import { signStatement } from '#crypto/signed-statement'
import type { SignedErasure } from '#domain/audit/erasure'
import type { RestoredTrail } from '#domain/audit/restored-trail'
import type { AuditAttack } from './audit-attacks.ts'
import { type AuditPlace, CutShort } from './audit-place.ts'
import { refused } from './refused.ts'
import { RETENTION_ATTACKS } from './retention-attacks.ts'

const ROWS = ['notes', 'messages']

/** The trail as it was, whatever happened since. */
async function saved(place: AuditPlace): Promise<void> {
  await place.run(
    `CREATE TABLE ${place.store}_access.event AS SELECT * FROM ${place.store}.event`,
    `CREATE TABLE ${place.store}_access.batch AS SELECT * FROM ${place.store}.batch`,
    ...ROWS.map(
      table =>
        `CREATE TABLE ${place.store}_access.${table} AS SELECT * FROM ${place.database}.${table}`,
    ),
  )
}

async function broughtBack({ store, database, run }: AuditPlace, place: AuditPlace): Promise<void> {
  await run.call(
    place,
    ...ROWS.flatMap(table => [
      `TRUNCATE TABLE ${database}.${table}`,
      `INSERT INTO ${database}.${table} SELECT * FROM ${store}_access.${table}`,
    ]),
    `TRUNCATE TABLE ${store}.event`,
    `INSERT INTO ${store}.event SELECT * FROM ${store}_access.event`,
    `TRUNCATE TABLE ${store}.batch`,
    `INSERT INTO ${store}.batch SELECT * FROM ${store}_access.batch`,
  )
}

function requireCut(error: unknown): void {
  if (!(error instanceof CutShort)) throw error
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
  ...RETENTION_ATTACKS,
  {
    name: 'destroy the salt of an event',
    expected: ['EDITED'],
    names: 'has lost its salt, and no erasure says so',
    act: place =>
      place.runAs(
        'erase',
        `UPDATE ${place.store}.event SET salt = NULL WHERE kind = 'U' ORDER BY event_id LIMIT 1`,
      ),
  },
  {
    name: 'say with a record of an own signature that an edit was an erasure',
    expected: ['EDITED BY'],
    names: 'root@localhost, who is no writer, updated it',
    async act(place) {
      const { trailId } = await place.verify()
      await place.run("UPDATE messages SET said = 'never said' WHERE id = 2")
      const events = await place.root.value(`SELECT MAX(event_id) FROM ${place.store}.event`)
      const record = { erasureId: randomUUID(), sha256: '', events: String(events), salts: '' }
      const signed: SignedErasure = { format: 1, trail: trailId, record, root: '' }
      await place.root.run(`INSERT INTO ${place.store}.erasure_record VALUES (?, ?)`, [
        record.erasureId,
        signStatement('audit-erasure-record', signed, generateSigningKey()),
      ])
    },
  },
  {
    name: 'edit while somebody is erased, and say that it was the connection of the erasure',
    expected: ['EDITED BY'],
    names: 'root@localhost, who is no writer, updated it',
    async act(place) {
      const event = `${place.store}.event`
      const meanwhile = async (connection: number): Promise<void> => {
        await place.run("UPDATE notes SET said = 'never said' WHERE id = 1")
        const id = await place.root.value(
          `SELECT MAX(event_id) FROM ${event} WHERE kind = 'U' AND connection_id = CONNECTION_ID()`,
        )
        await place.runAs(
          'erase',
          `UPDATE ${event} SET connection_id = ${connection} WHERE event_id = ${id}`,
        )
      }
      await place.erase('2', { meanwhile })
    },
  },
  {
    name: 'while somebody is erased, write an event of his row in the name of the erasure',
    expected: ['EDITED BY', 'EDITED', 'NOT ERASED'],
    names: 'root@localhost, who is no writer, updated it',
    async act(place) {
      const meanwhile = async (connection: number): Promise<void> => {
        await place.run(
          `INSERT INTO ${place.store}.event (at, kind, layout_id, row_key, account, connection_id, salt, after_hash)
           VALUES (UTC_TIMESTAMP(6), 'U', 2, '1:2', USER(), ${connection}, RANDOM_BYTES(16), RANDOM_BYTES(32))`,
        )
      }
      await refused(place.erase('2', { meanwhile }), 'TRAIL_BROKEN')
    },
  },
  {
    name: 'undo an erasure that was cut short, and let its signed record account for an edit',
    expected: ['EDITED BY', 'NOT ERASED'],
    names: 'root@localhost, who is no writer, updated it',
    async act(place) {
      await saved(place)
      await place.erase('2', { cut: true }).catch(requireCut)
      await place.run(`DELETE FROM ${place.store}_access.operation WHERE command = 'audit erase'`)
      await broughtBack(place, place)
      // For the recorded operation, then as many rows as the person had: the ids that the record names.
      await place.asWriter("INSERT INTO notes (said) VALUES ('five')")
      await place.run("UPDATE messages SET said = 'never said' WHERE user_id = 1")
    },
  },
  {
    name: 'roll it back to before retention, own up to it, and let retention come again: no finding',
    expected: [],
    names: '',
    async act(place) {
      await place.seal({ accept: 'one more batch' })
      await saved(place)
      await place.prune()
      await place.run(`DELETE FROM ${place.store}_access.operation WHERE command = 'audit prune'`)
      await broughtBack(place, place)
      await place.run(
        `DELETE FROM ${place.store}.leaf_proof`,
        `DELETE FROM ${place.store}.kept_event`,
      )
      await place.seal({ epochBreak: 'the disk of 3 May' })
      const { findings } = await place.verify()
      if (findings.length > 0) throw new Error(JSON.stringify(findings))
      await place.prune()
    },
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
