import type { AccessReport, PersonAccess } from '#domain/access/access-report'
import { finding } from '#domain/audit/finding'
import type { ListedEvent } from '#domain/audit/listed-event'
import { HARDENING_CHECKS } from '#domain/hardening/checks'
import type { AccountFact, HardeningFacts } from '#domain/hardening/facts'
import { hardenReport, judgeAll } from '#domain/hardening/harden-report'
import { accessReportHtml } from '#report/access-report-html'
import { auditReportHtml } from '#report/audit-report-html'
import { drillHistoryHtml } from '#report/drill-history'
import { drillReportHtml } from '#report/drill-html'
import { hardenReportHtml } from '#report/harden-html'
import { renderTable } from '#report/report-table'
import { shopStatusHtml } from '#report/shop-status'
import { FAILED, PASSED } from '#test/drill-reports'
import { POLICY } from '#test/hardening/states'

/** What a browser must show as text. */
const NASTY = `<script>console.log('ran')</script><img src="http://127.0.0.1:1/x">`

const ACCOUNT: AccountFact = {
  kind: 'account',
  ...{ user: NASTY, host: '%', name: `${NASTY}@%`, locked: false, tls: '' },
  logins: [{ plugin: 'mysql_native_password', credential: 'empty' }],
  ...{ failedLoginAttempts: 0, passwordHistory: null, passwordReuseDays: null, restrictions: [] },
}

const FACTS: HardeningFacts = {
  family: 'mariadb',
  version: '10.11.19',
  versionComment: 'Debian',
  me: 'root@localhost',
  connection: 'socket',
  tlsAvailable: true,
  variables: new Map([
    ['log_bin', 'ON'],
    ['sql_mode', 'STRICT_TRANS_TABLES'],
  ]),
  accounts: [ACCOUNT],
  privileges: [],
  roleEdges: [],
  programs: [],
  plugins: new Map(),
  schemas: [],
  ownDatabases: [],
  people: [],
  audited: null,
  skewMs: 0,
}

function hardening(): string {
  const waiver = { check: 'H06', subjects: [], reason: NASTY, until: '2999-01-01' }
  const policy = { ...POLICY, waivers: [waiver, { ...waiver, until: '2020-01-01' }] }
  const judged = judgeAll(HARDENING_CHECKS, FACTS, policy)
  const fix = { online: [NASTY], configFile: ['[mariadbd]', NASTY], advice: [NASTY] }
  const report = hardenReport(judged, FACTS, policy, new Date('2026-11-27T12:00:00Z'), () => fix)
  return hardenReportHtml(report)
}

function orders(): string {
  const columns = [
    { name: 'day', heading: 'Day', kind: 'text' },
    { name: 'revenue', heading: 'Revenue', kind: 'money' },
  ] as const
  const rows = [[NASTY, '1050.50']] as const
  const words = { title: 'Orders', note: NASTY, context: [] }
  return renderTable({ ...words, columns, rows, total: ['Total', '1050.50'] }, 'html')
}

function history(): string {
  const drill = {
    ...{ ...PASSED, atMoment: false, moment: null, copyId: null, attestationId: NASTY },
    partOnly: false,
  }
  const drills = ['2026-11-01T00:00:00.000Z', '2026-11-08T00:00:00.000Z'].map((at, week) => ({
    ...drill,
    at,
    rtoMs: 5000 + week,
  }))
  return drillHistoryHtml({
    target: NASTY,
    drills,
    servers: [],
    objectives: { rtoMs: 6000, rpoMs: null },
    refused: [],
    verdict: 'all passed',
  })
}

function status(): string {
  const line = { key: 'k', name: 'Restore', detail: NASTY, next: [NASTY] }
  return shopStatusHtml({
    at: '2026-11-27T12:00:00.000Z',
    target: '/mnt/backup',
    state: 'finding',
    lines: [
      { ...line, state: 'finding' },
      { ...line, state: 'ok' },
    ],
  } as unknown as Parameters<typeof shopStatusHtml>[0])
}

function access(): string {
  const at = '2026-11-27T12:00:00.000Z'
  const person: PersonAccess = {
    ...{ person: 'alice', fullName: NASTY, state: 'active', leftAt: null, accounts: [] },
    roles: [{ role: NASTY, by: 'grant', endsAt: at }],
    exposure: 'writes tables',
    ...{ tables: ['orders'], throughPrograms: ['products'], sensitive: ['chat_messages'] },
    ...{ secondFactor: 'active', lastLogin: at, unused: true },
  }
  const report: AccessReport = {
    ...{ format: 1, reportId: 'r', server: 'mariadb', database: 'shop', at, madeBy: NASTY },
    tool: 'ecomdb',
    period: { from: '2026-11-01', to: '2026-11-30' },
    people: [person, { ...person, exposure: 'everything', lastLogin: null, unused: null }],
    administrators: ['root@localhost'],
    unknown: [],
    roles: [{ role: 'analyst', rights: [NASTY], holders: ['alice'] }],
    applications: [{ account: 'web@%', rights: ['SELECT'] }],
    grants: [
      {
        ...{ grantId: 1, person: 'alice', role: 'analyst', reason: NASTY, ticket: 'OPS-1' },
        ...{
          approver: null,
          breakGlass: true,
          grantedBy: 'bob',
          startsAt: at,
          endsAt: null,
          endedAt: null,
        },
        ...{ endedBy: null, endReason: null },
      },
    ],
    operations: [{ operationId: 1, at, actor: 'bob', command: 'grant', subject: NASTY }],
    deadMan: { installed: true, scheduler: true },
    exceptions: [{ what: 'nobody approved', who: 'alice', why: NASTY }],
  }
  return accessReportHtml(report, { statement: JSON.stringify({ payload: NASTY }), signer: 's' })
}

function audit(): string {
  const at = '2026-11-03 12:00:00.123456'
  const event: ListedEvent = {
    ...{ event: 7, at, operation: 'update', table: 'chat_messages', row: NASTY, rowBefore: null },
    ...{ account: 'alice@%', person: NASTY, connection: '9', detail: null },
    ...{ before: 'ab'.repeat(32), after: 'cd'.repeat(32) },
    seal: { state: 'sealed', batch: 3, sealedAt: '2026-11-03T12:00:05.000Z' },
  }
  const altered = { state: 'altered', batch: 3, sealedAt: '2026-11-03T12:00:05.000Z' } as const
  const read = { ...event, operation: 'read', detail: { read: 'chat_transcript', reason: NASTY } }
  const one = {
    operation: 'insert',
    table: 'chat_messages',
    person: null,
    account: 'chat_service@%',
  }
  const counts = Array.from({ length: 28 }, (_, day) => ({
    ...{ ...one, events: 1000 + ((day * 7919) % 900) },
    day: `2026-11-${String(day + 1).padStart(2, '0')}`,
  }))
  const by = { day: '2026-11-03', operation: 'update', account: `${NASTY}@%`, person: NASTY }
  const many = Array.from({ length: 17 }, (_, user) => {
    return { ...by, account: `user${user}@%`, person: null, table: 'users', events: 90 - user }
  })
  const known = { table: 'chat_messages', row: NASTY, event: 7, batch: 3, from: at, to: at }
  return auditReportHtml({
    ...{ format: 1, database: 'shop', trailId: 't', at: '2026-12-01T08:00:00.000Z' },
    ...{ period: { from: '2026-11-01', to: '2026-11-30' }, madeBy: NASTY, tool: 'ecomdb' },
    counts: [...counts, ...many, { ...by, table: 'support_members', events: 40 }],
    chats: [{ representativeId: '1', representative: NASTY, totalChats: 12 }],
    lists: {
      ...{ changes: [event, { ...event, seal: altered }], reads: [read], erasures: [] },
      ...{ operations: [], rights: [], logins: [] },
    },
    more: ['changes'],
    seals: { batches: 500, events: 40_000, longestGapMs: 301_000, lastAt: event.at },
    verification: {
      ...{ trailId: 't', database: 'shop', source: 'the database', readAt: at },
      checked: { batches: 500, events: 40_000, rows: 30_000, unsealed: 3 },
      ...{
        anchors: [{ label: NASTY, batches: 500 }],
        notes: [NASTY],
        told: [NASTY],
        broken: false,
      },
      counts: { 'EDITED BY': 1 },
      findings: [finding('EDITED BY', NASTY, known)],
    },
  })
}

/** Every page that ecomdb makes, filled; one line here for each new one. */
export const REPORT_PAGES: Readonly<Record<string, () => string>> = {
  'harden check --html': hardening,
  'report orders --format html': orders,
  'report access --format html': access,
  'report audit --format html': audit,
  'drill --html': () => drillReportHtml(PASSED),
  'drill --html, failed': () => drillReportHtml({ ...FAILED, missed: ['RTO'] }),
  'drill report': history,
  'status --html': status,
}
