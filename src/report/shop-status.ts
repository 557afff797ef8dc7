import type { ShopStatus, StatusLine } from '#domain/status/shop-status'
import { alignColumns } from './align-columns.ts'
import { escapeHtml } from './html.ts'

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

/** The same as a page: no script, nothing from elsewhere, light and dark. */
export function shopStatusHtml({ at, target, state, lines }: ShopStatus): string {
  const row = ({ state, name, detail, next }: StatusLine): string => {
    const list = next.length
      ? `<ul>${next.map(one => `<li>${escapeHtml(one)}</li>`).join('')}</ul>`
      : ''
    return `<tr class="${state}"><th scope="row">${escapeHtml(name)}</th><td>${STATE[state]}</td><td>${escapeHtml(detail)}${list}</td></tr>`
  }
  const title = `Backups: ${VERDICT[state]}`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(target)}, ${escapeHtml(at.slice(0, 16).replace('T', ' '))} UTC</p>
<table><thead><tr><th scope="col">What</th><th scope="col">State</th><th scope="col">Detail</th></tr></thead>
<tbody>${lines.map(row).join('\n')}</tbody></table>
</main>
</body>
</html>
`
}

const STYLE = `
:root { color-scheme: light dark; --ink: #1a1a1a; --paper: #fff; --soft: #555; --line: #d0d5da; --good: #196f3d; --bad: #a93226 }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e8e8; --paper: #16191c; --soft: #a8b0b8; --line: #3a4148; --good: #7dcea0; --bad: #f1948a } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 0 }
main { max-width: 58rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem; margin: 0 } p { color: var(--soft); margin-top: .25rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere }
th { white-space: nowrap; font-weight: normal; color: var(--soft) }
.ok td:nth-child(2) { color: var(--good) } .finding td, .missed td { color: var(--bad) } .missed td:nth-child(2), .finding td:nth-child(2) { font-weight: bold }
ul { margin: .25rem 0 0; padding-left: 1.2rem }
@media print { :root { --ink: #000; --paper: #fff; --soft: #444; --line: #bbb } main { margin: 0; max-width: none } }
`

/** For node_exporter's textfile collector (the Prometheus text format). */
export function shopStatusPrometheus({ at, lines, figures }: ShopStatus): string {
  const gauge = (name: string, help: string, value: number | null): string[] =>
    value === null
      ? []
      : [`# HELP ecomdb_${name} ${help}`, `# TYPE ecomdb_${name} gauge`, `ecomdb_${name} ${value}`]
  const alive = figures.schedulerAlive
  const states = lines.map(
    ({ key, state }) =>
      `ecomdb_check_ok{check="${key}"} ${state === 'ok' || state === 'unknown' ? 1 : 0}`,
  )
  return [
    ...gauge('status_timestamp_seconds', 'When this was written.', Date.parse(at) / 1000),
    ...gauge('loss_seconds', 'What would be lost now (RPO).', figures.lossSeconds),
    ...gauge('snapshot_age_seconds', 'Age of the newest snapshot.', figures.snapshotAgeSeconds),
    ...gauge('binlog_lag_seconds', 'Age of the archived binary log.', figures.binlogLagSeconds),
    ...gauge('drill_age_seconds', 'Age of the newest passed drill.', figures.drillAgeSeconds),
    ...gauge('restore_seconds', 'RTO of the newest passed drill.', figures.rtoSeconds),
    ...gauge('places', 'Repository and copies that are known.', figures.copies),
    ...gauge(
      'scheduler_alive',
      'The scheduler was seen lately.',
      alive === null ? null : Number(alive),
    ),
    '# HELP ecomdb_check_ok 1 where a line of `ecomdb status` needs no look.',
    '# TYPE ecomdb_check_ok gauge',
    ...states,
    '',
  ].join('\n')
}
