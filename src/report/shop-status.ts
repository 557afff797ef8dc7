import { type ShopStatus, STATUS_EXIT } from '#domain/status/shop-status'
import type { StatusLine } from '#domain/status/status-line'
import { alignColumns } from './align-columns.ts'
import { badge, line, list, renderPage, table, together } from './page.ts'

const STATE: Readonly<Record<StatusLine['state'], string>> = {
  ok: 'ok',
  finding: 'LOOK',
  missed: 'MISSED',
  unknown: '-',
}

const VERDICT: Readonly<Record<ShopStatus['state'], string>> = {
  ok: 'all is as promised',
  finding: 'something needs a look',
  missed: 'an objective is missed',
}

/** `ecomdb status` for people: one screen. */
export function shopStatusText({ at, target, state, lines }: ShopStatus): string {
  const rows = lines.map(({ state, name, detail }) => [STATE[state], name, detail])
  const next = [...new Set(lines.flatMap(one => one.next))]
  return [
    `${target} at ${at.slice(0, 16).replace('T', ' ')} UTC`,
    '',
    alignColumns(rows, ['left', 'left', 'left']),
    '',
    ...next.map(one => `next: ${one}`),
    VERDICT[state],
  ].join('\n')
}

const TONE = { ok: 'good', finding: 'bad', missed: 'bad', unknown: 'plain' } as const

/** The same as a page. */
export function shopStatusHtml({ at, target, state, lines }: ShopStatus): string {
  const title = `Backups: ${VERDICT[state]}`
  const columns = [{ heading: 'What', narrow: true }, { heading: 'State' }, { heading: 'Detail' }]
  const rows = lines.map(({ state, name, detail, next }) => ({
    tone: TONE[state],
    cells: [
      name,
      { markup: badge(STATE[state], TONE[state]) },
      { markup: together(line(detail), list(next)) },
    ],
  }))
  return renderPage({
    title,
    verdict: { text: STATE[state], tone: TONE[state] },
    heading: title,
    lead: `${target}, ${at.slice(0, 16).replace('T', ' ')} UTC`,
    body: [table(columns, rows)],
    footer: null,
  })
}

/** For node_exporter's textfile collector (the Prometheus text format). */
export function shopStatusPrometheus({ at, state, lines, figures }: ShopStatus): string {
  const gauge = (name: string, help: string, value: number | null): string[] =>
    value === null
      ? []
      : [`# HELP ecomdb_${name} ${help}`, `# TYPE ecomdb_${name} gauge`, `ecomdb_${name} ${value}`]
  const alive = figures.schedulerAlive === null ? null : Number(figures.schedulerAlive)
  const states = lines.map(
    ({ key, state }) =>
      `ecomdb_check_ok{check="${key}"} ${state === 'ok' || state === 'unknown' ? 1 : 0}`,
  )
  return [
    ...gauge('status_timestamp_seconds', 'When this was written.', Date.parse(at) / 1000),
    ...gauge('status', 'What `ecomdb status` ended with: 0, 3 or 14.', STATUS_EXIT[state]),
    ...gauge('loss_seconds', 'What would be lost now (RPO).', figures.lossSeconds),
    ...gauge('snapshot_age_seconds', 'Age of the newest snapshot.', figures.snapshotAgeSeconds),
    ...gauge('binlog_lag_seconds', 'Age of the archived binary log.', figures.binlogLagSeconds),
    ...gauge('drill_age_seconds', 'Age of the newest passed drill.', figures.drillAgeSeconds),
    ...gauge('restore_seconds', 'RTO of the newest passed drill.', figures.rtoSeconds),
    ...gauge('places', 'Repository and copies that are known.', figures.copies),
    ...gauge('scheduler_alive', 'The scheduler was seen lately.', alive),
    ...gauge('audit_seal_age_seconds', 'Age of the newest checkpoint.', figures.sealAgeSeconds),
    ...gauge('grants_open', 'Roles that are held by a grant.', figures.grantsOpen),
    ...gauge('grants_ending_soon', 'Of those: end within a week.', figures.grantsEndingSoon),
    ...gauge('grants_overdue', 'Of those: over, and not ended.', figures.grantsOverdue),
    ...gauge('grants_break_glass', 'Of those: nobody approved.', figures.grantsBreakGlass),
    ...gauge('access_differences', 'Drift from the access policy.', figures.accessDifferences),
    ...gauge('accounts_beyond', 'Accounts beyond the access policy.', figures.accountsBeyond),
    ...gauge('harden_score', 'Of `ecomdb harden check`, 0 to 100.', figures.hardenScore),
    '# HELP ecomdb_check_ok 1 where a line of `ecomdb status` needs no look.',
    '# TYPE ecomdb_check_ok gauge',
    ...states,
    '',
  ].join('\n')
}
