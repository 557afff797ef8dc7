import { countOf } from '#core/units'
import type { AccessException, AccessReport, PersonAccess } from '#domain/access/access-report'
import type { Lease } from '#domain/access/lease'
import { EXPOSURES } from '#domain/access/reach'
import {
  badge,
  dataBlock,
  factTable,
  figures,
  type Html,
  line,
  list,
  meter,
  paragraph,
  renderPage,
  section,
  type TableCell,
  table,
  together,
} from './page.ts'

/** The statement that the report is signed by, or why there is none. */
export interface ReportSignature {
  /** The file of a signed statement (DSSE); null: the report is not signed. */
  statement: string | null
  signer: string | null
}

/**
 * The access report for an auditor who has never seen ecomdb. The signed statement is in it, as
 * data.
 */
export function accessReportHtml(report: AccessReport, signature: ReportSignature): string {
  const { period, database, exceptions, people } = report
  const isClean = exceptions.length === 0
  const { statement } = signature
  return renderPage({
    title: `Access to ${database}, ${period.from} to ${period.to}`,
    verdict: {
      text: isClean ? 'No exceptions' : countOf(exceptions.length, 'exception'),
      tone: isClean ? 'good' : 'bad',
    },
    heading: `Who has access to ${database}`,
    lead: `As of ${time(report.at)} UTC on ${report.server}; grants and changes from ${period.from} to ${period.to}, both days included.`,
    body: [
      keyFigures(report),
      section('To look at', exceptionTable(exceptions)),
      section(
        'People, who could do the most first',
        line(PEOPLE_NOTE, 'note'),
        peopleTable(people),
      ),
      section('Grants in the period', grantTable(report.grants)),
      section('Roles, and what each may do', roleTable(report)),
      section('Programs', programTable(report)),
      section('What was done in the period', operationTable(report)),
      section('About this report', about(report, signature)),
      ...(statement === null
        ? []
        : [dataBlock('statement', 'application/vnd.dsse+json', statement.trim())]),
    ],
    footer: null,
  })
}

const PEOPLE_NOTE =
  '“Own tables” are base tables that the server lets them read or change themselves; a person needs none. Behind views and procedures they see what these show. Sensitive are tables with what customers wrote, who they are and what they did.'

const time = (iso: string): string => iso.slice(0, 16).replace('T', ' ')
const day = (iso: string | null): string => (iso === null ? '–' : iso.slice(0, 10))

function keyFigures({ people, grants, period }: AccessReport): Html {
  const here = people.filter(({ state }) => state !== 'left')
  const inPeriod = (iso: string | null): boolean =>
    iso !== null && iso.slice(0, 10) >= period.from && iso.slice(0, 10) <= period.to
  const sensitive = here.filter(one => one.sensitive.length > 0).length
  const made = grants.filter(({ startsAt }) => inPeriod(startsAt)).length
  const ended = grants.filter(({ endedAt }) => inPeriod(endedAt)).length
  const left = people.filter(({ leftAt }) => inPeriod(leftAt)).length
  const note = 'in the period'
  return figures([
    { label: 'People', value: String(here.length), note: `${sensitive} reach sensitive tables` },
    { label: 'Grants made', value: String(made), note },
    { label: 'Grants ended', value: String(ended), note },
    { label: 'People left', value: String(left), note },
  ])
}

/** Days and single words are not broken. */
const NARROW = ['What', 'Person', 'Account', 'When (UTC)', 'From', 'Until', 'Ended', 'Last login']
const columns = (...headings: readonly string[]) =>
  headings.map(heading => ({ heading, narrow: NARROW.includes(heading) }))

function exceptionTable(exceptions: readonly AccessException[]): Html {
  if (exceptions.length === 0) return paragraph('Nothing: every rule that ecomdb checks holds.')
  const rows = exceptions.map(({ what, who, why }) => ({
    cells: [{ markup: badge(what, 'bad') }, who, why],
  }))
  return table(columns('What', 'Who', 'Why'), rows)
}

function peopleTable(people: readonly PersonAccess[]): Html {
  const rows = people.map(one => ({
    cells: [
      { markup: together(line(one.person, 'strong'), line(nameText(one), 'note')) },
      { markup: exposure(one) },
      listed(
        one.roles.map(
          ({ role, by, endsAt }) =>
            `${role}, ${endsAt ? `until ${day(endsAt)}` : by === 'policy or server' ? 'by policy' : 'no end'}${by === 'break-glass' ? ', break-glass' : ''}`,
        ),
      ),
      listed(one.sensitive),
      one.secondFactor,
      { markup: lastLogin(one) },
    ],
  }))
  return table(columns('Who', 'May', 'Roles', 'Sensitive', 'Second factor', 'Last login'), rows)
}

function nameText({ fullName, state, leftAt }: PersonAccess): string {
  return state === 'active' ? fullName : `${fullName}, ${state}${leftAt ? ` ${day(leftAt)}` : ''}`
}

/** The level as a word and as a bar: colour alone would tell nobody who prints it in grey. */
function exposure({ exposure, tables, throughPrograms }: PersonAccess): Html {
  const level = EXPOSURES.length - 1 - EXPOSURES.indexOf(exposure)
  const more = [
    ...(tables.length > 0 && exposure !== 'everything' ? [`own tables: ${tables.join(', ')}`] : []),
    ...(throughPrograms.length > 0
      ? [`behind views and procedures: ${throughPrograms.join(', ')}`]
      : []),
  ]
  return together(
    meter(level, EXPOSURES.length - 1, exposure),
    ...more.map(text => line(text, 'note')),
  )
}

function lastLogin({ lastLogin, unused }: PersonAccess): Html {
  if (lastLogin === null) return line('unknown', 'note')
  return together(line(day(lastLogin)), ...(unused ? [badge('unused 90 days', 'bad')] : []))
}

function grantTable(grants: readonly Lease[]): Html {
  if (grants.length === 0) return paragraph('None was made, ended or open in the period.')
  const rows = grants.map(one => ({
    cells: [
      one.person,
      one.role,
      { markup: together(line(one.reason), ...(one.ticket ? [line(one.ticket, 'note')] : [])) },
      one.approver ?? { markup: badge(one.breakGlass ? 'break-glass' : 'nobody', 'bad') },
      day(one.startsAt),
      one.endsAt === null ? { markup: badge('no end', 'bad') } : day(one.endsAt),
      one.endedAt === null
        ? 'open'
        : { markup: together(line(day(one.endedAt)), line(one.endReason ?? '', 'note')) },
    ],
  }))
  return table(columns('Person', 'Role', 'Why', 'Approved by', 'From', 'Until', 'Ended'), rows)
}

function roleTable({ roles }: AccessReport): Html {
  if (roles.length === 0) return paragraph('The server has no roles.')
  const rows = roles.map(({ role, rights, holders }) => ({
    cells: [role, listed(rights), listed(holders)],
  }))
  return table(columns('Role', 'May', 'Held by'), rows)
}

function programTable({ applications }: AccessReport): Html {
  if (applications.length === 0) return paragraph('No program is on record.')
  const rows = applications.map(({ account, rights }) => ({ cells: [account, listed(rights)] }))
  return table(columns('Account', 'May'), rows)
}

function operationTable({ operations }: AccessReport): Html {
  if (operations.length === 0) return paragraph('Nothing is on record.')
  const rows = operations.map(({ at, command, subject, actor }) => ({
    cells: [time(at), command, subject, actor],
  }))
  return table(columns('When (UTC)', 'Command', 'Whom', 'By'), rows)
}

function about(report: AccessReport, { signer, statement }: ReportSignature): Html {
  const { deadMan } = report
  return factTable([
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
    ...(statement === null ? [] : [CHECK_IT]),
  ])
}

const CHECK_IT: readonly [string, string] = [
  'To check it',
  'the element “statement” of this page is the report as data, signed with Ed25519 (DSSE); what is shown here is made from it. Compare the signer with the one that you were given.',
]

function listed(items: readonly string[]): TableCell {
  return items.length === 0 ? '–' : { markup: list(items) }
}
