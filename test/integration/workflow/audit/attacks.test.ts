import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { silentProgress } from '#core/progress'
import { AUDIT_ATTACKS } from '#harness/attacks/audit-attacks'
import { AuditPlace } from '#harness/attacks/audit-place'
import { attackCase } from '#harness/attacks/audit-suite'
import { writersCase } from '#harness/attacks/audit-writers'
import { openDirectoryTarget } from '#target/dir/directory-target'
import { TEST_ENGINES } from '#test/engines'
import { startOwnServer } from '#test/own-server'
import { eraseFromTrail } from '#workflow/audit/erase-person'
import { exportTrail } from '#workflow/audit/export-trail'
import { installAudit } from '#workflow/audit/install-audit'
import { openExport } from '#workflow/audit/open-export'
import { pruneTrail } from '#workflow/audit/prune-trail'
import { openServerTrail, verifyTrail } from '#workflow/audit/verify-trail'

/** A sample; `npm run harness -- attacks --only audit` tries all of them. */
const SAMPLE = [
  'edit a message, triggers on',
  'drop a trigger, act, put it back',
  'TRUNCATE',
  'grant a right, and let the sealer forget what it saw',
  'edit what ecomdb says that it did, triggers off',
  'edit an event, so that a writer seems to have acted',
  'roll the database back to an earlier state',
  'roll it back, with a restore that the attacker signed',
  'after retention, put an event into a batch that it emptied',
  'roll it back, and own up to it with an epoch break: no finding',
]

const CHAT = [
  'CREATE DATABASE talk',
  'CREATE TABLE talk.users (user_id BIGINT PRIMARY KEY, first_name VARCHAR(50), last_name VARCHAR(50)) ENGINE = InnoDB',
  'CREATE TABLE talk.support_members (support_member_id BIGINT PRIMARY KEY, first_name VARCHAR(50), last_name VARCHAR(50)) ENGINE = InnoDB',
  `CREATE TABLE talk.chat_sessions (chat_session_id BIGINT PRIMARY KEY, created_at DATETIME NOT NULL,
     support_member_id BIGINT) ENGINE = InnoDB`,
  `CREATE TABLE talk.chat_messages (chat_message_id BIGINT PRIMARY KEY, created_at DATETIME, chat_session_id BIGINT,
     user_id BIGINT, support_member_id BIGINT, message_text TEXT) ENGINE = InnoDB DEFAULT CHARACTER SET latin1`,
  "INSERT INTO talk.users VALUES (1, 'Uma', 'User')",
  "INSERT INTO talk.support_members VALUES (1, 'Ann', 'Lee')",
  "INSERT INTO talk.chat_sessions VALUES (1, '2026-01-01', 1), (2, '2026-01-02 23:59:59', 1), (3, '2026-01-03', 1)",
  "INSERT INTO talk.chat_messages VALUES (1, '2026-01-01', 1, 1, NULL, 'hellö'), (2, '2026-01-02', 1, NULL, 1, NULL)",
]

describe.each(TEST_ENGINES)('%s', family => {
  let own: Awaited<ReturnType<typeof startOwnServer>>
  beforeAll(async () => {
    own = await startOwnServer(family)
  })
  afterAll(async () => {
    await own.remove()
  })

  test.each(AUDIT_ATTACKS.filter(({ name }) => SAMPLE.includes(name)))('$name', async attack => {
    await attackCase(attack, own.engine, own.server, own.folder).run()
  })

  test('legitimate writers with rollbacks, deadlocks and kills: nothing is found', async () => {
    const load = { writers: 8, ms: 2_000 }
    await writersCase(own.engine, own.server, own.folder, load).run()
  })

  test('others seal between two looks of a sealer that follows', async () => {
    const place = await AuditPlace.make(own.engine, own.server, own.folder)
    const ended = new AbortController()
    try {
      const following = place.seal({ follow: true, signal: ended.signal })
      for (let round = 0; round < 3; round += 1) {
        await place.asWriter("INSERT INTO notes (said) VALUES ('one more')")
        await place.seal()
      }
      ended.abort()
      expect((await following).anchors).toMatchObject([{ failed: null }])
      expect(await place.verify()).toMatchObject({ findings: [], checked: { unsealed: 0 } })
    } finally {
      ended.abort()
      await place.close()
    }
  })

  test('retention and an erasure that were cut short are found out and completed', async () => {
    const place = await AuditPlace.make(own.engine, own.server, own.folder)
    try {
      const rule = { table: 'messages', where: 'user_id', through: null, empty: ['said'] }
      const { auditTrail } = own.engine
      const cut = async (): Promise<never> => {
        throw new Error('cut short')
      }
      const options = {
        ...{ ...place.audited, key: place.key, trustedSigners: [place.key.signer] },
        ...{ anchors: [openDirectoryTarget(place.anchor)], clock: systemClock },
        policy: { ...place.policy, keepMs: 0, erase: [rule] },
      }
      const without = (broken: Partial<typeof auditTrail>) => {
        return { ...options, engine: { ...own.engine, auditTrail: { ...auditTrail, ...broken } } }
      }
      const prune = (from: typeof options) =>
        pruneTrail({ ...from, confirmed: place.database }, silentProgress())
      // The trail was made by an ecomdb without retention.
      await place.run(
        `DROP TABLE ${place.store}.restored, ${place.store}.leaf_proof`,
        `DELETE FROM ${place.store}.ecomdb_migration WHERE version IN (2, 3)`,
      )
      await place.seal()
      expect(await place.verify()).toMatchObject({ findings: [] })
      await expect(prune(without({ removeEvents: cut }))).rejects.toThrow('cut short')
      expect(await place.verify()).toMatchObject({ findings: [] })
      expect((await prune(options)).removed).toBeGreaterThan(0)
      expect(await place.verify()).toMatchObject({ findings: [] })
      const erase = (from: typeof options, person: { key: string; reason: string } | null) =>
        eraseFromTrail({ ...from, person, confirmed: true }, silentProgress())
      const person = { key: '2', reason: 'ticket' }
      await expect(erase(without({ erasePerson: cut }), person)).rejects.toThrow('cut short')
      expect((await place.verify()).counts).toEqual({ 'NOT ERASED': 1 })
      expect((await erase(options, null)).erasures).toHaveLength(1)
      expect(await place.verify()).toMatchObject({ findings: [] })
    } finally {
      await place.close()
    }
  })

  test('who reads a chat is in the trail, also when the transaction is rolled back', async () => {
    const { engine, server } = own
    const session = await engine.connect({ ...server.administrator, auditDatabase: 'reads' })
    try {
      for (const sql of CHAT) await session.run(sql)
      const connect = { ...server.administrator, auditDatabase: 'reads' }
      const options = { engine, connect, database: 'talk', baseline: false, dryRun: false }
      const tables = ['users', 'support_members', 'chat_sessions', 'chat_messages']
      await installAudit({ ...options, tables }, silentProgress())
      await session.run('CREATE USER clerk@localhost')
      for (const name of ['chat_transcript', 'chats_handled'])
        await session.run(`GRANT EXECUTE ON PROCEDURE reads.${name} TO clerk@localhost`)
      const { socketPath } = server.administrator
      const clerk = await engine.connect({ socketPath, user: 'clerk', auditDatabase: 'reads' })
      await clerk.run('SET autocommit = 0')
      await clerk.run('START TRANSACTION')
      const lines = await engine.auditTrail.readTranscript(clerk, '1', 'ticket 4711')
      await clerk.run('ROLLBACK')
      expect(lines.map(({ author, name, text }) => [author, name, text])).toEqual([
        ['customer', 'Uma User', 'hellö'],
        ['support', 'Ann Lee', null],
      ])
      await expect(engine.auditTrail.readTranscript(clerk, '1', ' ')).rejects.toThrow('say why')
      await expect(clerk.rows('SELECT * FROM talk.chat_messages')).rejects.toThrow('denied')
      const days = { from: '2026-01-01', to: '2026-01-02' }
      expect(await engine.auditTrail.readChatsHandled(clerk, null, days, 'review')).toEqual([
        { representativeId: '1', representative: 'Ann Lee', totalChats: 2 },
      ])
      await clerk.close()
      const reads = await session.rows(
        "SELECT account, detail FROM reads.event WHERE kind = 'R' ORDER BY event_id",
      )
      expect(reads.map(({ account }) => account)).toEqual(['clerk@localhost', 'clerk@localhost'])
      expect(reads.map(({ detail }) => JSON.parse(String(detail)))).toEqual([
        { read: 'chat_transcript', chat: '1', reason: 'ticket 4711' },
        { read: 'chats_handled', representative: null, ...days, reason: 'review' },
      ])
    } finally {
      await session.close()
    }
  })

  test('refused logins: how many on both engines, and who where MySQL logs it', async () => {
    const { engine, server } = own
    const session = await engine.connect(server.administrator)
    const { socketPath } = server.administrator
    const before = await engine.auditTrail.refusedLogins(session)
    if (family === 'mysql') await session.run('SET GLOBAL log_error_verbosity = 3')
    await expect(engine.connect({ socketPath, user: 'nobody_else' })).rejects.toThrow()
    const after = await engine.auditTrail.refusedLogins(session)
    await session.close()
    expect(after.count - before.count).toBeGreaterThanOrEqual(1)
    const names = after.refusals.map(({ account }) => account)
    expect(names.includes('nobody_else@localhost')).toBe(family === 'mysql')
  })

  test('an export is verified without a server, and so is what was changed in it', async () => {
    const place = await AuditPlace.make(own.engine, own.server, own.folder)
    const file = join(own.folder, 'trail.jsonl')
    try {
      await place.run("UPDATE messages SET said = 'never said' WHERE id = 2")
      await place.seal()
      const source = await openServerTrail(place.audited)
      await exportTrail(source, file, silentProgress())
      await source.close()
      const online = await place.verify()
      const anchors = [openDirectoryTarget(place.anchor)]
      const trust = { policy: place.policy, trustedSigners: [place.key.signer] }
      const exported = await openExport(file, anchors)
      const offline = await verifyTrail(exported, trust, silentProgress())
      await exported.close()
      expect(offline.checked).toEqual(online.checked)
      expect(offline.findings.map(({ kind, row, detail }) => [kind, row, detail])).toEqual([
        ['EDITED BY', '2', 'root@localhost, who is no writer, updated it'],
      ])
    } finally {
      await place.close()
    }
  })
})
