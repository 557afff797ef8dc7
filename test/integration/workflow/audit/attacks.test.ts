import { mkdir, rename, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { silentProgress } from '#core/progress'
import { generateSigningKey } from '#crypto/key-files'
import { signStatement } from '#crypto/signed-statement'
import { checkpointName } from '#domain/audit/checkpoint'
import { AUDIT_ATTACKS } from '#harness/attacks/audit-attacks'
import { AuditPlace, CutShort } from '#harness/attacks/audit-place'
import { attackCase } from '#harness/attacks/audit-suite'
import { writersCase } from '#harness/attacks/audit-writers'
import { requireRefusal } from '#harness/attacks/retention-attacks'
import { openDirectoryTarget } from '#target/dir/directory-target'
import { TEST_ENGINES } from '#test/engines'
import { startOwnServer } from '#test/own-server'
import { eraseFromTrail } from '#workflow/audit/erase-person'
import { exportTrail } from '#workflow/audit/export-trail'
import { auditStatus, installAudit } from '#workflow/audit/install-audit'
import { keepRestoredTrail } from '#workflow/audit/keep-restored-trail'
import { openExport } from '#workflow/audit/open-export'
import { pruneTrail } from '#workflow/audit/prune-trail'
import { sealTrail } from '#workflow/audit/seal-trail'
import { openServerTrail, verifyTrail } from '#workflow/audit/verify-trail'

/** A sample; `npm run harness -- attacks --only audit` tries all of them. */
const SAMPLE = [
  'edit a message, triggers on',
  'drop a trigger, act, put it back',
  'TRUNCATE',
  'grant a right, and let the sealer forget what it saw',
  'a grant hidden behind a legitimate one',
  'set the count of refused logins back, and let the sealer forget it',
  'edit what ecomdb says that it did, triggers off',
  'edit an event, so that a writer seems to have acted',
  'roll the database back to an earlier state',
  'roll it back, with a restore that the attacker signed',
  'after retention, put an event into a batch that it emptied',
  'after retention, delete a row and the event that stayed of it',
  'after retention, delete what stayed, and that it stayed',
  'after retention, delete what stayed, and let its list be read in two ways',
  'between two retentions, remove the event that stayed of a row that was deleted',
  'before retention, say that it has come to a batch already',
  'edit while somebody is erased, and say that it was the connection of the erasure',
  'while somebody is erased, write an event of his row in the name of the erasure',
  'undo an erasure that was cut short, and let its signed record account for an edit',
  'roll it back to before retention, own up to it, and let retention come again: no finding',
].map(wanted => {
  const attack = AUDIT_ATTACKS.find(({ name }) => name === wanted)
  if (!attack) throw new Error(`no attack is called: ${wanted}`)
  return attack
})

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

  test.each(SAMPLE)('$name', async attack => {
    await attackCase(attack, own.engine, own.server, own.folder).run()
  })

  test('legitimate writers with rollbacks, deadlocks and kills: nothing is found', async () => {
    const load = { writers: 8, ms: 2_000 }
    await writersCase(own.engine, own.server, own.folder, load).run()
  })

  test('others seal between two looks of a sealer that follows', async () => {
    const place = await AuditPlace.make(own.engine, own.server, own.folder)
    const ended = new AbortController()
    const following = place.seal({ follow: true, signal: ended.signal })
    const head = async (): Promise<number> => (await place.newestCheckpoint())?.batch ?? 0
    /** What is said now is sealed by the follower: nobody else seals meanwhile. */
    const followed = async (): Promise<number> => {
      const before = await head()
      await place.asWriter("INSERT INTO notes (said) VALUES ('one more')")
      await Promise.race([
        expect.poll(head, { timeout: 60_000, interval: 50 }).toBeGreaterThan(before),
        following,
      ])
      return await head()
    }
    try {
      let last = await followed()
      for (let round = 0; round < 2; round += 1) {
        // The follower may hold the lock just now. An accepted change is sealed in any case.
        const sealed = await vi.waitFor(() => place.seal({ accept: 'in between' }), {
          timeout: 60_000,
          interval: 50,
        })
        expect(sealed.head?.batch).toBeGreaterThan(last)
        last = await followed()
        expect(last).toBeGreaterThan(sealed.head?.batch ?? 0)
      }
      ended.abort()
      expect((await following).anchors).toMatchObject([{ failed: null }])
      expect(await place.verify()).toMatchObject({ findings: [], checked: { unsealed: 0 } })
    } finally {
      ended.abort()
      await following.catch(() => {})
      await place.close()
    }
  })

  test('retention that was cut short is found out and completed, and forged it is refused', async () => {
    const place = await AuditPlace.make(own.engine, own.server, own.folder)
    try {
      const { auditTrail } = own.engine
      const prune = (broken: Partial<typeof auditTrail> = {}) => {
        const engine = { ...own.engine, auditTrail: { ...auditTrail, ...broken } }
        const policy = { ...place.policy, keepMs: 0 }
        const options = { ...place.signing, engine, policy, confirmed: place.database }
        return pruneTrail(options, silentProgress())
      }
      const cut = async (): Promise<never> => {
        throw new CutShort()
      }
      // The trail was made by an ecomdb without retention.
      await place.run(
        `DROP TABLE ${place.store}.restored, ${place.store}.leaf_proof, ${place.store}.kept_event`,
        `DELETE FROM ${place.store}.ecomdb_migration WHERE version IN (2, 3, 7)`,
      )
      await place.seal()
      expect(await place.verify()).toMatchObject({ findings: [] })
      // Before it is signed: what is proved then is proved anew, and nothing else is believed.
      await expect(prune({ storeBatch: cut })).rejects.toThrow(CutShort)
      expect(await place.verify()).toMatchObject({ findings: [], told: [] })
      // Signed, and nothing removed; then in the middle of the first batch.
      await expect(prune({ removeEvents: cut })).rejects.toThrow(CutShort)
      expect(await place.verify()).toMatchObject({ findings: [] })
      const removeSome: typeof auditTrail.removeEvents = async (session, ranges) => {
        await auditTrail.removeEvents(session, ranges.slice(0, 1))
        throw new CutShort()
      }
      await expect(prune({ removeEvents: removeSome })).rejects.toThrow(CutShort)
      expect(await place.verify()).toMatchObject({ findings: [] })
      // What has still to go, and what proves it, is compared before the rest goes.
      const proof = `${place.store}.leaf_proof`
      for (const forged of ["''", "CONCAT(LEFT(hashes, 32), REPEAT('x', LENGTH(hashes) - 32))"]) {
        await place.run(`CREATE TABLE ${place.store}_access.kept AS SELECT * FROM ${proof}`)
        await place.run(`UPDATE ${proof} SET hashes = ${forged} WHERE batch_id = 2`)
        await requireRefusal(place)
        await place.run(`TRUNCATE TABLE ${proof}`)
        await place.run(`INSERT INTO ${proof} SELECT * FROM ${place.store}_access.kept`)
        await place.run(`DROP TABLE ${place.store}_access.kept`)
      }
      expect((await prune()).removed).toBeGreaterThan(0)
      for (let again = 0; again < 2; again += 1) {
        expect((await prune()).batches).not.toBe('')
        expect(await place.verify()).toMatchObject({ findings: [] })
      }
    } finally {
      await place.close()
    }
  })

  test('retention that comes between the two snapshots of a verification is no finding', async () => {
    const place = await AuditPlace.make(own.engine, own.server, own.folder)
    try {
      await place.seal({ accept: 'one more batch' })
      const { auditTrail } = own.engine
      const opened: ReturnType<typeof auditTrail.openReader>[] = []
      const openReader: typeof auditTrail.openReader = async options => {
        if (opened.length === 1) {
          await opened[0]
          await place.prune()
        }
        const reader = auditTrail.openReader(options)
        opened.push(reader)
        return await reader
      }
      const engine = { ...own.engine, auditTrail: { ...auditTrail, openReader } }
      expect(await place.verify(engine)).toMatchObject({ findings: [] })
      expect(opened).toHaveLength(4)
    } finally {
      await place.close()
    }
  })

  test('what one retention left goes with a later one, when its row is gone or changed', async () => {
    const place = await AuditPlace.make(own.engine, own.server, own.folder)
    try {
      const { auditTrail } = own.engine
      const prune = (broken: Partial<typeof auditTrail> = {}, dryRun = false) => {
        const engine = { ...own.engine, auditTrail: { ...auditTrail, ...broken } }
        const policy = { ...place.policy, keepMs: 0 }
        const options = { ...place.signing, engine, policy }
        return pruneTrail(
          { ...options, confirmed: dryRun ? null : place.database },
          silentProgress(),
        )
      }
      const clean = async (): Promise<void> => {
        expect(await place.verify()).toMatchObject({ findings: [] })
      }
      const cut = async (): Promise<never> => {
        throw new CutShort()
      }
      const removeSome: typeof auditTrail.removeEvents = async (session, ranges) => {
        await auditTrail.removeEvents(session, ranges.slice(0, 1))
        throw new CutShort()
      }
      const left = `SELECT COUNT(*) FROM ${place.store}.event JOIN ${place.store}.layout USING (layout_id)
        WHERE table_name = 'notes' AND row_key IN ('1:1', '1:2')`
      await place.seal({ accept: 'one more batch' })
      await prune()
      await clean()
      // Note 1 is deleted, note 2 changed.
      await place.asWriter(
        'DELETE FROM notes WHERE id = 1',
        "UPDATE notes SET said = 'two, too' WHERE id = 2",
      )
      await place.seal()
      await clean()
      expect(await prune({}, true)).toMatchObject({ released: 2, batch: null })
      expect(await place.root.value(left)).toBe('4')
      for (const broken of [
        { storeBatch: cut },
        { removeEvents: cut },
        { removeEvents: removeSome },
      ]) {
        await expect(prune(broken)).rejects.toThrow(CutShort)
        await clean()
      }
      // Of what was begun a part is gone already.
      const { removed } = await prune({}, true)
      const newest = await place.root.value(`SELECT MAX(event_id) FROM ${place.store}.event`)
      const there = async (): Promise<number> => {
        const count = `SELECT COUNT(*) FROM ${place.store}.event WHERE event_id <= ${newest}`
        return Number(await place.root.value(count))
      }
      const before = await there()
      expect(await prune()).toMatchObject({ removed })
      expect(before - (await there())).toBe(removed)
      // Each run has sealed a batch more: what said that note 1 was deleted has gone with the rest.
      expect(await place.root.value(left)).toBe('1')
      await clean()
      expect(await prune({}, true)).toMatchObject({ released: 0 })
    } finally {
      await place.close()
    }
  })

  test('an erasure that was cut short, before or after it is committed, is completed', async () => {
    const place = await AuditPlace.make(own.engine, own.server, own.folder)
    try {
      const { auditTrail } = own.engine
      const erasePerson = async (): Promise<never> => {
        throw new CutShort()
      }
      const rule = { table: 'messages', where: 'user_id', through: null, empty: ['said'] }
      const before = {
        ...{ ...place.signing, policy: { ...place.policy, erase: [rule] }, confirmed: true },
        engine: { ...own.engine, auditTrail: { ...auditTrail, erasePerson } },
        person: { key: '2', reason: 'ticket' },
      }
      // A rule that cannot be carried out is refused before the ledger has the person.
      const wrong = { ...place.policy, erase: [{ ...rule, empty: ['said_at'] }] }
      await expect(
        eraseFromTrail({ ...before, policy: wrong }, silentProgress()),
      ).rejects.toMatchObject({ code: 'UNSUPPORTED' })
      expect(await place.verify()).toMatchObject({ findings: [] })
      await expect(eraseFromTrail(before, silentProgress())).rejects.toThrow(CutShort)
      expect((await place.verify()).counts).toEqual({ 'NOT ERASED': 1 })
      expect((await place.erase(null)).erasures).toHaveLength(1)
      expect(await place.verify()).toMatchObject({ findings: [] })
      await expect(place.erase('1', { cut: true })).rejects.toThrow(CutShort)
      expect(Object.keys((await place.verify()).counts).sort()).toEqual([
        ...['EDITED', 'EDITED BY', 'NOT ERASED'],
      ])
      // Nothing is repeated: the seal that comes first says what was done.
      expect(await place.erase(null)).toMatchObject({ done: false, erasures: [] })
      const told = async (): Promise<readonly string[]> => {
        const { findings, told } = await place.verify()
        expect(findings).toEqual([])
        return told
      }
      expect(await told()).toEqual([expect.stringMatching(/^2 erased/)])
      // A backup of just then comes back: its restore signs what was done, and erases nobody again.
      await expect(place.erase('2', { cut: true })).rejects.toThrow(CutShort)
      const { anchors, key, trustedSigners } = place.signing
      const keeper = {
        key,
        trustedSigners,
        keyMissing: null,
        rules: [rule],
        anchors: async () => anchors,
      }
      const server = { ...place.audited, reason: 'a disk', restoredAt: new Date(), binlog: true }
      const restored = await keepRestoredTrail(server, keeper, silentProgress())
      expect(restored).toMatchObject({ restoreId: expect.any(String), erased: 0 })
      expect(await told()).toContainEqual(expect.stringMatching(/^3 erased/))
      await place.seal()
      expect(await told()).toContainEqual(expect.stringMatching(/^3 erased/))
      // A record that nobody trusted signed is sealed by nobody, and a finding of all that seal.
      const forged = signStatement('audit-erasure-record', {}, generateSigningKey())
      await place.root.run(`INSERT INTO ${place.store}.erasure_record VALUES ('forged', ?)`, [
        forged,
      ])
      const why = expect.stringContaining('will not believe the record of an erasure')
      expect((await place.seal()).refused).toEqual([why])
      expect((await place.erase(null)).warnings).toEqual([why])
    } finally {
      await place.close()
    }
  })

  test('what comes while a person is erased is erased with its proof, or left as it is', async () => {
    const place = await AuditPlace.make(own.engine, own.server, own.folder)
    try {
      const say = (text: string): Promise<void> =>
        place.asWriter(
          `INSERT INTO messages (said_at, user_id, said) VALUES (NOW(), 2, '${text}')`,
          `UPDATE messages SET said = '${text}, too' WHERE id = LAST_INSERT_ID()`,
        )
      // A key that was the person's before, and is another's now.
      await place.asWriter(
        'UPDATE messages SET id = 20 WHERE id = 2',
        "INSERT INTO messages (id, said_at, user_id, said) VALUES (2, NOW(), 1, 'not hers')",
      )
      const among = { before: () => say('locked'), meanwhile: () => say('emptied') }
      expect((await place.erase('2', among)).rows).toEqual([{ table: 'messages', rows: 3 }])
      const rows = await place.root.rows<{ id: number; said: string | null }>(
        `SELECT id, said FROM ${place.database}.messages ORDER BY id`,
      )
      const left = new Map(rows.map(({ id, said }) => [Number(id), said]))
      expect(left.get(2)).toBe('not hers')
      expect([...left].filter(([, said]) => said === null)).toHaveLength(3)
      expect([...left.values()]).toContain('emptied, too')
      const events = await place.root.rows(
        `SELECT REGEXP_REPLACE(CAST(row_key AS CHAR), '^[0-9]+:', '') AS id, COUNT(*) AS events, COUNT(salt) AS salts,
           COUNT(IF(salt IS NULL, NULL, before_hash)) AS befores
         FROM ${place.store}.event JOIN ${place.store}.layout USING (layout_id)
         WHERE table_name = 'messages' GROUP BY row_key`,
      )
      const of = new Map(events.map(one => [Number(one['id']), one]))
      for (const [id, said] of left) {
        // What is there now can be told from its newest event, and nothing else from any.
        const { salts, befores } = of.get(id) ?? {}
        if (said === null) expect([id, Number(salts), Number(befores)]).toEqual([id, 1, 0])
        else expect(Number(salts)).toBeGreaterThan(0)
      }
      expect(await place.verify()).toMatchObject({ findings: [] })
      // Again: what was left, with what is empty already.
      expect((await place.erase('2')).rows).toEqual([{ table: 'messages', rows: 4 }])
      expect(await place.verify()).toMatchObject({ findings: [] })
    } finally {
      await place.close()
    }
  })

  test('an anchor that does not take the seal is a finding, and keeps events from going', async () => {
    const place = await AuditPlace.make(own.engine, own.server, own.folder)
    const second = `${place.anchor}-2`
    try {
      await mkdir(second)
      const anchors = [place.anchor, second].map(path => openDirectoryTarget(path))
      const policy = { ...place.policy, anchors: 2, keepMs: 0 }
      const options = { ...place.signing, anchors, policy, confirmed: place.database }
      const reasons = { accept: null, epochBreak: null, follow: false }
      const { trailId, head } = await sealTrail({ ...options, ...reasons }, silentProgress())
      const events = (): Promise<string | null> =>
        place.root.value(`SELECT COUNT(*) FROM ${place.store}.event`)
      const [all, next] = [await events(), (head?.batch ?? 0) + 1]
      // The name of the next checkpoint is taken there: nobody can write it, not even root.
      const taken = join(second, 'audit', trailId, checkpointName(next))
      await mkdir(taken)
      await expect(pruneTrail(options, silentProgress())).rejects.toMatchObject({
        code: 'STORAGE_FAILED',
        what: '1 anchors of 2 have the checkpoint that names what goes',
      })
      expect(await events()).toBe(all)
      const rule = { table: 'messages', where: 'user_id', through: null, empty: ['said'] }
      const person = { person: { key: '2', reason: 'ticket' }, confirmed: true }
      const erased = await eraseFromTrail(
        { ...options, ...person, policy: { ...policy, erase: [rule] } },
        silentProgress(),
      )
      expect(erased).toMatchObject({ done: true, warnings: [expect.stringContaining(second)] })
      const left = await events()
      // A place that is gone: its batches cannot be told to be there.
      await rename(second, `${second}-gone`)
      const planned = await pruneTrail({ ...options, confirmed: null }, silentProgress())
      expect(planned).toMatchObject({ heldBack: expect.stringContaining('1 anchors of 2') })
      await expect(pruneTrail(options, silentProgress())).rejects.toThrow('1 anchors of 2')
      expect(await events()).toBe(left)
      await rename(`${second}-gone`, second)
      await rmdir(taken)
      expect(await pruneTrail(options, silentProgress())).toMatchObject({ warnings: [] })
      expect(await place.verify()).toMatchObject({ findings: [] })
    } finally {
      await rm(second, { recursive: true, force: true })
      await place.close()
    }
  })

  test('a sealer that dies between two batches of a look: what changed is told of later', async () => {
    const place = await AuditPlace.make(own.engine, own.server, own.folder)
    try {
      const { auditTrail } = own.engine
      let batches = 0
      const storeBatch: typeof auditTrail.storeBatch = async (...args) => {
        batches += 1
        if (batches === 2) throw new Error('dead')
        await auditTrail.storeBatch(...args)
      }
      const engine = { ...own.engine, auditTrail: { ...auditTrail, storeBatch } }
      const policy = { ...place.policy, seal: { ...place.policy.seal, maxEvents: 2 } }
      const notes = Array.from(
        { length: 3 },
        (_, at) => `INSERT INTO notes (said) VALUES ('${at}')`,
      )
      await place.asWriter(...notes)
      await place.run(`GRANT CREATE ON ${place.database}.* TO ${place.writer}@localhost`)
      await expect(place.seal({ engine, policy })).rejects.toThrow('dead')
      await place.seal()
      expect(await place.verify()).toMatchObject({ findings: [], notes: [] })
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

  test('what an older build wrote, with a colon after the length of a text, verifies beside what this one writes', async () => {
    const place = await AuditPlace.make(own.engine, own.server, own.folder)
    const writesAndVerifies = async (...statements: readonly string[]): Promise<void> => {
      await place.asWriter(...statements)
      await place.seal()
      expect((await place.verify()).findings).toEqual([])
    }
    try {
      await asOlderBuild(place)
      await place.seal({ accept: 'an older build' })
      await writesAndVerifies(
        "INSERT INTO messages (said_at, user_id, said) VALUES (NOW(), 1, 'a,b~:ä'), (NOW(), 2, NULL), (NOW(), 2, '')",
        "UPDATE messages SET said = '' WHERE id = 2",
      )
      const status = await auditStatus(place.audited, { ...place.signing, anchors: 1 })
      expect(status.tables.find(({ table }) => table === 'messages')?.problems).toEqual([
        'an older ecomdb laid its rows out: run `ecomdb audit install`',
      ])
      await place.install()
      await place.seal({ accept: 'this build' })
      await writesAndVerifies(
        "INSERT INTO messages (said_at, user_id, said) VALUES (NOW(), 1, 'a,b~:ä'), (NOW(), 2, NULL)",
        "UPDATE messages SET said = 'ü' WHERE id = 1",
      )
    } finally {
      await place.close()
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
      const trustedSigners = [place.key.signer]
      const trust = { policy: place.policy, trustedSigners, fewerAnchors: false }
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

/** Puts the layout and the triggers of messages back that ecomdb made before 28 November 2026. */
async function asOlderBuild({ root, store, database }: AuditPlace): Promise<void> {
  const triggers = await root.rows(
    `SELECT TRIGGER_NAME AS name, EVENT_MANIPULATION AS event, ACTION_STATEMENT AS body, DEFINER AS definer
       FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ? AND EVENT_OBJECT_TABLE = 'messages'`,
    [database],
  )
  await root.run(
    `INSERT INTO ${store}.layout SELECT 90, table_name, REPLACE(content, '-sized', ''), created_at
       FROM ${store}.layout WHERE table_name = 'messages'`,
  )
  await root.run(`UPDATE ${store}.audited_table SET layout_id = 90 WHERE table_name = 'messages'`)
  for (const { name, event, body, definer } of triggers) {
    const older = String(body)
      .replace(/('[IUD]', )\d+/, '$190')
      .replaceAll(
        /IFNULL\(LENGTH\((\w+)\.`said`\), '~'\), \w+\.`said`/g,
        "IFNULL(CONCAT(LENGTH($1.`said`), ':', CAST($1.`said` AS BINARY)), '~')",
      )
    expect(older).toContain('CAST(')
    await root.run(`DROP TRIGGER ${database}.${name}`)
    await root.run(
      `CREATE DEFINER = ${String(definer).replace('@', "@'")}' TRIGGER ${database}.older_${event}
         AFTER ${event} ON ${database}.messages FOR EACH ROW ${older}`,
    )
  }
}
