import { EcomdbError } from '#core/errors'
import type { Layout } from '#domain/audit/event'
import type { AuditTrail, TrailRecord } from '../../audit-trail.ts'
import { quoteIdentifier, quoteQualified } from '../../quote.ts'
import { orNone } from '../../server-error.ts'
import type { Session } from '../../session.ts'
import { ownStores } from '../own-store/own-store.ts'
import type { AccountDialect } from '../provision/accounts.ts'
import { openAuditReader } from './audit-reader.ts'
import { erasure } from './erase-person.ts'
import { countEvents, newestEvents, personsOf, usersOf } from './list-events.ts'
import { observeControls } from './observe-controls.ts'
import { auditStatus, planInstall, uninstallStatements } from './plan-install.ts'
import { readChatsHandled, readTranscript } from './read-chats.ts'
import { refusedLogins } from './refused-logins.ts'
import { retention } from './remove-events.ts'
import { storedBatches } from './stored-batches.ts'
import { placeOf } from './table-place.ts'
import { readSeen, recordSeen } from './watch-server.ts'
import { writeBaseline } from './write-baseline.ts'

type Row = Record<string, string | number | Buffer | null>

/** Seconds that a statement waits for long transactions, with writers queueing behind it. */
const LOCK_WAIT_S = 30

/** A sealer that has just ended is a moment in letting go. */
const SEALER_WAIT_S = 3

const storeOf = (session: Session): string => ownStores.storeName(session, 'audit')

export function auditTrail(dialect: AccountDialect): AuditTrail {
  const placed = async (session: Session, database: string) => {
    return { database, store: storeOf(session), trail: await readTrail(session) }
  }
  return {
    ...ownStores,
    readTrail,
    async ensureTrail(session, database, trailId) {
      const store = await ownStores.ensureStore(session, 'audit')
      await session.run(
        `INSERT IGNORE INTO ${quoteQualified(store, 'trail')} (only_row, trail_id, shop_database, created_at)
         VALUES (1, ?, ?, UTC_TIMESTAMP(6))`,
        [trailId, database],
      )
      const trail = await readTrail(session)
      if (trail?.shopDatabase === database) return trail
      throw new EcomdbError('CONFIG_INVALID', {
        what: `${store} is the trail of ${trail?.shopDatabase}, and not of ${database}`,
        hints: ['name another database for this trail: server.audit_database in ecomdb.yaml'],
      })
    },
    async planInstall(session, database, tables, baseline) {
      return await planInstall(session, dialect, await placed(session, database), tables, baseline)
    },
    async install(session, plan) {
      await session.run('SET NAMES utf8mb4 COLLATE utf8mb4_bin')
      await session.run(`SET lock_wait_timeout = ${LOCK_WAIT_S}`)
      for (const layout of plan.layouts) await recordLayout(session, layout)
      for (const statement of plan.statements) await session.run(statement)
      for (const layout of plan.baselines) await recordTable(session, layout)
    },
    writeBaseline: (session, database, layout) =>
      writeBaseline(session, database, storeOf(session), layout),
    async status(session, database, tables) {
      return await auditStatus(session, await placed(session, database), tables)
    },
    uninstallStatements: (session, database) =>
      uninstallStatements(session, database, storeOf(session)),
    async run(session, statement) {
      await session.run(statement)
    },
    ...{ readTranscript, readChatsHandled, countEvents, newestEvents, personsOf, usersOf },
    ...{ lockSealer, placeOf, recordSeen, refusedLogins, seen: readSeen },
    async unlockSealer(session) {
      await session.value('SELECT RELEASE_LOCK(?)', [sealerLock(session)])
    },
    oldestTransaction,
    controls: (session, trail) => observeControls(session, trail, storeOf(session)),
    openReader: options => openAuditReader(options, options.auditDatabase ?? 'ecomdb_audit'),
    ...storedBatches(storeOf),
    ...retention(storeOf),
    ...erasure(storeOf),
  }
}

async function readTrail(session: Session): Promise<TrailRecord | null> {
  const store = storeOf(session)
  const [trail] = await orNone(
    session.rows<Row>(
      `SELECT trail_id AS id, shop_database AS shop FROM ${quoteQualified(store, 'trail')}`,
    ),
  )
  if (!trail) return null
  const layouts = await session.rows<Row>(
    `SELECT layout_id AS id, table_name AS tbl, content FROM ${quoteQualified(store, 'layout')} ORDER BY layout_id`,
  )
  const tables = await session.rows<Row>(
    `SELECT table_name AS tbl, layout_id AS layout, baseline_done_at IS NOT NULL AS done
     FROM ${quoteQualified(store, 'audited_table')} ORDER BY table_name`,
  )
  return {
    trailId: String(trail['id']),
    shopDatabase: String(trail['shop']),
    layouts: layouts.map(row => {
      const content = JSON.parse(String(row['content'])) as Pick<Layout, 'columns' | 'key'>
      return { id: Number(row['id']), table: String(row['tbl']), ...content }
    }),
    tables: tables.map(row => ({
      table: String(row['tbl']),
      layoutId: Number(row['layout']),
      baselineDone: Number(row['done']) === 1,
    })),
  }
}

async function recordLayout(session: Session, layout: Layout): Promise<void> {
  const { id, table, columns, key } = layout
  await session.run(
    `INSERT INTO ${quoteQualified(storeOf(session), 'layout')} (layout_id, table_name, content, created_at)
     VALUES (?, ?, ?, UTC_TIMESTAMP(6))`,
    [id, table, JSON.stringify({ columns, key })],
  )
}

async function recordTable(session: Session, { table, id }: Layout): Promise<void> {
  await session.run(
    `INSERT INTO ${quoteQualified(storeOf(session), 'audited_table')} (table_name, layout_id) VALUES (?, ?)
     ON DUPLICATE KEY UPDATE layout_id = ?, baseline_done_at = NULL`,
    [table, id, id],
  )
}

const sealerLock = (session: Session): string => `ecomdb/seal/${storeOf(session)}`.slice(0, 64)

async function lockSealer(session: Session): Promise<void> {
  const name = sealerLock(session)
  if ((await session.value('SELECT GET_LOCK(?, ?)', [name, SEALER_WAIT_S])) === '1') return
  throw new EcomdbError('LOCKED', {
    what: `another ecomdb seals ${quoteIdentifier(storeOf(session))}`,
    hints: ['let it: one sealer is enough, and two would fork the trail'],
  })
}

/** Two seconds earlier, since the server says whole seconds and rounds as it likes. */
async function oldestTransaction(session: Session): Promise<string | null> {
  return await session.value(
    `SELECT DATE_FORMAT(CONVERT_TZ(MIN(trx_started), 'SYSTEM', '+00:00') - INTERVAL 2 SECOND, '%Y-%m-%d %H:%i:%s.%f')
     FROM information_schema.innodb_trx WHERE trx_mysql_thread_id <> CONNECTION_ID()`,
  )
}
