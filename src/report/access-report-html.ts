import { countOf } from '#core/units'
import type { AccessException, AccessReport, PersonAccess } from '#domain/access/access-report'
import type { Lease } from '#domain/access/lease'
import { EXPOSURES } from '#domain/access/reach'
import { escapeHtml } from './html.ts'

/** The statement that the report is signed by, or why there is none. */
export interface ReportSignature {
  /** The file of a signed statement (DSSE); null: the report is not signed. */
  statement: string | null
  signer: string | null
}

/**
 * The access report for an auditor who has never seen ecomdb: one file, nothing from the network,
 * light and dark, fit to print. The signed statement is in it, as data.
 */
export function accessReportHtml(report: AccessReport, signature: ReportSignature): string {
  const { period, database, exceptions } = report
  const title = `Access to ${database}, ${period.from} to ${period.to}`
  const isClean = exceptions.length === 0
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
<header class="${isClean ? 'clean' : 'open'}">
<p class="verdict">${isClean ? 'No exceptions' : countOf(exceptions.length, 'exception')}</p>
<h1>Who has access to ${escapeHtml(database)}</h1>
<p>As of ${time(report.at)} UTC on ${escapeHtml(report.server)}; grants and changes from ${period.from} to ${period.to}, both days included.</p>
</header>
${figures(report)}
<h2>To look at</h2>
${exceptionTable(exceptions)}
<h2>People, who could do the most first</h2>
<p class="note">“Own tables” are base tables that the server lets them read or change themselves; a person needs none. Behind views and procedures they see what these show. Sensitive are tables with what customers wrote, who they are and what they did.</p>
${peopleTable(report.people)}
<h2>Grants in the period</h2>
${grantTable(report.grants)}
<h2>Roles, and what each may do</h2>
${roleTable(report)}
<h2>Programs</h2>
${programTable(report)}
<h2>What was done in the period</h2>
${operationTable(report)}
<h2>About this report</h2>
${factTable(report, signature)}
</main>
${signature.statement === null ? '' : `<script type="application/vnd.dsse+json" id="statement">${escapeScript(signature.statement.trim())}</script>`}
</body>
</html>
`
}

/** JSON in a data block: nothing in it may end the block. */
function escapeScript(json: string): string {
  return json.replaceAll('<', '\\u003c')
}

const time = (iso: string): string => iso.slice(0, 16).replace('T', ' ')
const day = (iso: string | null): string => (iso === null ? '–' : iso.slice(0, 10))

function figures({ people, grants, period }: AccessReport): string {
  const here = people.filter(({ state }) => state !== 'left')
  const inPeriod = (iso: string | null): boolean =>
    iso !== null && iso.slice(0, 10) >= period.from && iso.slice(0, 10) <= period.to
  const sensitive = here.filter(one => one.sensitive.length > 0).length
  const made = grants.filter(({ startsAt }) => inPeriod(startsAt)).length
  const ended = grants.filter(({ endedAt }) => inPeriod(endedAt)).length
  const left = people.filter(({ leftAt }) => inPeriod(leftAt)).length
  const figure = (value: number, label: string, note: string): string =>
    `<div><dt>${label}</dt><dd>${value}</dd><dd class="note">${note}</dd></div>`
  return `<dl class="figures">
${figure(here.length, 'People', `${sensitive} reach sensitive tables`)}
${figure(made, 'Grants made', 'in the period')}
${figure(ended, 'Grants ended', 'in the period')}
${figure(left, 'People left', 'in the period')}
</dl>`
}

function exceptionTable(exceptions: readonly AccessException[]): string {
  if (exceptions.length === 0) return '<p>Nothing: every rule that ecomdb checks holds.</p>'
  return table(
    ['What', 'Who', 'Why'],
    exceptions.map(({ what, who, why }) => [
      `<strong class="bad">${escapeHtml(what)}</strong>`,
      escapeHtml(who),
      escapeHtml(why),
    ]),
  )
}

function peopleTable(people: readonly PersonAccess[]): string {
  return table(
    ['Person', 'May', 'Roles', 'Sensitive', 'Second factor', 'Last login'],
    people.map(one => [
      `<strong>${escapeHtml(one.person)}</strong><br><span class="note">${escapeHtml(one.fullName)}${one.state === 'active' ? '' : `, ${one.state}${one.leftAt ? ` ${day(one.leftAt)}` : ''}`}</span>`,
      exposureText(one),
      list(
        one.roles.map(
          ({ role, by, endsAt }) =>
            `${role}, ${endsAt ? `until ${day(endsAt)}` : by === 'grant' ? 'no end' : 'by policy'}`,
        ),
      ),
      one.sensitive.length > 0 ? list(one.sensitive) : '–',
      escapeHtml(one.secondFactor),
      one.lastLogin === null
        ? '<span class="note">unknown</span>'
        : `${day(one.lastLogin)}${one.unused ? '<br><strong class="bad">unused for 90 days</strong>' : ''}`,
    ]),
  )
}

/** The level as a word and as a bar: colour alone would tell nobody who prints it in grey. */
function exposureText({ exposure, tables, throughPrograms }: PersonAccess): string {
  const level = EXPOSURES.length - 1 - EXPOSURES.indexOf(exposure)
  const dots = EXPOSURES.slice(1)
    .map((_, at) => `<i class="${at < level ? `on l${level}` : ''}"></i>`)
    .join('')
  const more = [
    ...(tables.length > 0 && exposure !== 'everything' ? [`own tables: ${tables.join(', ')}`] : []),
    ...(throughPrograms.length > 0
      ? [`behind views and procedures: ${throughPrograms.join(', ')}`]
      : []),
  ]
  return `<span class="level" aria-hidden="true">${dots}</span> ${exposure}${more.length > 0 ? `<br><span class="note">${escapeHtml(more.join('; '))}</span>` : ''}`
}

function grantTable(grants: readonly Lease[]): string {
  if (grants.length === 0) return '<p>None was made, ended or open in the period.</p>'
  return table(
    ['Person', 'Role', 'Why', 'Approved by', 'From', 'Until', 'Ended'],
    grants.map(one => [
      escapeHtml(one.person),
      escapeHtml(one.role),
      `${escapeHtml(one.reason)}${one.ticket ? ` <span class="note">${escapeHtml(one.ticket)}</span>` : ''}`,
      one.approver === null ? '<strong class="bad">nobody</strong>' : escapeHtml(one.approver),
      day(one.startsAt),
      one.endsAt === null ? '<strong class="bad">no end</strong>' : day(one.endsAt),
      one.endedAt === null
        ? 'open'
        : `${day(one.endedAt)}<br><span class="note">${escapeHtml(one.endReason ?? '')}</span>`,
    ]),
  )
}

function roleTable({ roles }: AccessReport): string {
  if (roles.length === 0) return '<p>The server has no roles.</p>'
  return table(
    ['Role', 'May', 'Held by'],
    roles.map(({ role, rights, holders }) => [
      escapeHtml(role),
      rights.length > 0 ? list(rights) : '–',
      holders.length > 0 ? list(holders) : '<span class="note">nobody</span>',
    ]),
  )
}

function programTable({ applications }: AccessReport): string {
  if (applications.length === 0) return '<p>No program is on record.</p>'
  return table(
    ['Account', 'May'],
    applications.map(({ account, rights }) => [escapeHtml(account), list(rights)]),
  )
}

function operationTable({ operations }: AccessReport): string {
  if (operations.length === 0) return '<p>Nothing is on record.</p>'
  return table(
    ['When (UTC)', 'Command', 'Whom', 'By'],
    operations.map(({ at, command, subject, actor }) => [
      time(at),
      `<code>${escapeHtml(command)}</code>`,
      escapeHtml(subject),
      escapeHtml(actor),
    ]),
  )
}

function factTable(report: AccessReport, { signer, statement }: ReportSignature): string {
  const { deadMan } = report
  const facts: [string, string][] = [
    ['Report', report.reportId],
    ['Made by', `${report.madeBy}, with ${report.tool}`],
    ['Server', report.server],
    ['Administrators', report.administrators.join(', ') || 'none by the policy'],
    [
      'Ends of grants',
      deadMan.installed && deadMan.scheduler
        ? 'enforced by ecomdb, and by an event in the server when ecomdb is not run'
        : 'enforced by ecomdb alone',
    ],
    ['Last login', 'known for logins through the broker of ecomdb only'],
    ['Routines', 'what a routine reads is taken from the names in its text: it may read less'],
    ['Signed by', signer ?? 'NOBODY: this copy proves nothing'],
    ...(statement === null
      ? []
      : ([
          [
            'To check it',
            'the element “statement” of this page is the report as data, signed with Ed25519 (DSSE); what is shown here is made from it. Compare the signer with the one that you were given.',
          ],
        ] as [string, string][])),
  ]
  return `<table class="facts"><tbody>${facts
    .map(
      ([name, value]) =>
        `<tr><th scope="row">${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`,
    )
    .join('\n')}</tbody></table>`
}

/** @param rows HTML */
function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const head = headings.map(one => `<th scope="col">${one}</th>`).join('')
  const cells = (row: readonly string[]): string =>
    row.map((cell, at) => `<td data-label="${headings[at]}">${cell}</td>`).join('')
  return `<table><thead><tr>${head}</tr></thead>
<tbody>${rows.map(row => `<tr>${cells(row)}</tr>`).join('\n')}</tbody></table>`
}

function list(items: readonly string[]): string {
  return items.length === 0
    ? '–'
    : `<ul>${items.map(one => `<li>${escapeHtml(one)}</li>`).join('')}</ul>`
}

const STYLE = `
:root { color-scheme: light dark; --ink: #1a1a1a; --paper: #fff; --soft: #555; --line: #d0d5da; --good: #196f3d; --bad: #a93226; --l1: #7dcea0; --l2: #f5b041; --l3: #dc7633; --l4: #a93226 }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e8e8; --paper: #16191c; --soft: #a8b0b8; --line: #3a4148; --good: #7dcea0; --bad: #f1948a } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 0 }
main { max-width: 72rem; margin: 2rem auto; padding: 0 1rem }
header { border-left: .5rem solid var(--good); padding: .25rem 0 .25rem 1rem } header.open { border-color: var(--bad) }
.verdict { margin: 0; font-weight: bold; text-transform: uppercase; letter-spacing: .08em; color: var(--good) }
.open .verdict, .bad { color: var(--bad) }
h1 { margin: 0; font-size: 1.5rem } h2 { font-size: 1.1rem; margin: 2.2rem 0 .5rem }
header p:last-child { margin: .25rem 0 0 }
.note { font-size: .9rem; color: var(--soft) }
.figures { display: flex; flex-wrap: wrap; gap: 1rem 2.5rem; margin: 1.5rem 0 }
.figures dt { color: var(--soft) } .figures dd { margin: 0; font-size: 1.6rem; font-variant-numeric: tabular-nums } .figures dd.note { font-size: .9rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .45rem 1rem .45rem 0; border-bottom: 1px solid var(--line); overflow-wrap: break-word }
td:last-child { overflow-wrap: anywhere }
thead th { color: var(--soft); font-weight: normal; white-space: nowrap } th[scope=row] { font-weight: normal; color: var(--soft); white-space: nowrap }
ul { margin: 0; padding: 0; list-style: none }
code { font: .95em ui-monospace, monospace }
.level { display: inline-flex; gap: 2px; vertical-align: middle; margin-right: .3rem } .level i { width: .55rem; height: .8rem; border-radius: 2px; background: var(--line) }
.level .on.l1 { background: var(--l1) } .level .on.l2 { background: var(--l2) } .level .on.l3 { background: var(--l3) } .level .on.l4 { background: var(--l4) }
@media (max-width: 46rem) { thead { position: absolute; left: -999rem } tr { display: block; padding: .6rem 0; border-bottom: 1px solid var(--line) } td { display: grid; grid-template-columns: 8rem 1fr; border: 0; padding: .15rem 0 } td::before { content: attr(data-label); color: var(--soft) } td { overflow-wrap: anywhere } .facts th, .facts td { display: block } .facts td::before { content: none } }
@media print { :root { --ink: #000; --paper: #fff; --soft: #444; --line: #bbb; --good: #196f3d; --bad: #a93226 } main { margin: 0; max-width: none } * { print-color-adjust: exact } tr { break-inside: avoid } h2 { break-after: avoid } }
`
