import type { AccessFinding, AccessPlan, Change } from '#domain/access/change'
import { accountText } from '#domain/access/observed'
import { placeText } from '#domain/access/right'

/** A plan with the statements of each change. */
export interface PrintedPlan extends AccessPlan {
  steps: readonly { change: Change; statements: readonly string[] }[]
}

/** `access plan` for people: every statement as it will be sent. */
export function accessPlanText(plan: PrintedPlan): string {
  const statements = statementsOf(plan).map(sql => `${sql};`)
  return [
    plan.flavor,
    ...statements,
    ...(statements.length === 0 ? [`nothing to do: ${stateText(plan)}`] : []),
    ...brakeText(plan),
    ...findingsText(plan.findings),
    ...plan.notes.map(note => `note: ${note}`),
  ].join('\n')
}

export function accessPlanDocument(plan: PrintedPlan): object {
  const { flavor, steps, findings, notes, revoked, held, revokesMuch } = plan
  return {
    flavor,
    steps,
    findings: findings.map(findingDocument),
    notes,
    revoked,
    held,
    revokesMuch,
  }
}

/** `access apply` for people: what it executed. */
export function accessAppliedText(plan: PrintedPlan & { sessionsEnded: number }): string {
  const statements = statementsOf(plan)
  return [
    ...statements.map(sql => `${sql};`),
    statements.length === 0
      ? `nothing to do: ${stateText(plan)}`
      : `${counted(statements.length, 'statement')} ran: ${stateText(plan)}`,
    ...(plan.sessionsEnded > 0
      ? [
          `${counted(plan.sessionsEnded, 'open session')} ended, which would have kept what was revoked`,
        ]
      : []),
    ...findingsText(plan.findings),
    ...plan.notes.map(note => `note: ${note}`),
  ].join('\n')
}

/** `access drift` for people: who is beyond the policy, and what is short of it. */
export function accessDriftText(plan: PrintedPlan): string {
  const beyond = plan.changes.flatMap(change => beyondText(change))
  const short = plan.changes.flatMap(change => shortText(change))
  const lines = [
    ...beyond.map(line => `beyond: ${line}`),
    ...short.map(line => `short:  ${line}`),
    ...findingsText(plan.findings),
    ...plan.notes.map(note => `note: ${note}`),
  ]
  const isClean = plan.changes.length + plan.findings.length === 0
  return [
    plan.flavor,
    ...lines,
    isClean ? 'no drift: the server is as the policy says' : driftVerdict(plan),
  ].join('\n')
}

export function accessDriftDocument(plan: PrintedPlan): object {
  const people = plan.changes.filter(change => beyondText(change).length > 0).map(subjectOf)
  const unknown = plan.findings.map(({ account }) => accountText(account))
  return { ...accessPlanDocument(plan), beyond: [...new Set([...people, ...unknown])] }
}

function driftVerdict({ changes, findings }: PrintedPlan): string {
  const next = changes.length > 0 ? '; `ecomdb access plan` shows what would put it right' : ''
  return `drift: ${counted(changes.length, 'difference')}, ${counted(findings.length, 'finding')}${next}`
}

function stateText({ findings }: PrintedPlan): string {
  return findings.length === 0
    ? 'the server is as the policy says'
    : 'who is on record is as the policy says'
}

function counted(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}

function statementsOf({ steps }: PrintedPlan): string[] {
  return steps.flatMap(({ statements }) => statements)
}

function brakeText({ revokesMuch, revoked, held }: PrintedPlan): string[] {
  return revokesMuch
    ? [`apply asks for --allow-revokes: ${revoked} of ${held} rights and roles would be revoked`]
    : []
}

function findingsText(findings: readonly AccessFinding[]): string[] {
  return findings.flatMap(({ kind, account, what, hint }) => [
    `${kind}: ${accountText(account) || "''"}: ${what}`,
    ...(hint === null ? [] : [`  hint: ${hint}`]),
  ])
}

function findingDocument(finding: AccessFinding): object {
  return { ...finding, account: accountText(finding.account) }
}

function subjectOf(change: Change): string {
  return 'account' in change ? accountText(change.account) : change.person
}

function beyondText(change: Change): string[] {
  const who = subjectOf(change)
  switch (change.do) {
    case 'revoke':
      return [`${who} holds ${change.privileges.join(', ')} ON ${placeText(change.place)}`]
    case 'end lease':
      return [`${who} has sessions with the role ${change.role}`]
    case 'revoke role':
      return [`${who} holds the role ${change.role.user}`]
    case 'revoke admin option':
      return [`${who} may give the role ${change.role.user} to others`]
    case 'drop role':
    case 'lock':
      return [`${who} is in the policy no more`]
    default:
      return []
  }
}

function shortText(change: Change): string[] {
  const who = subjectOf(change)
  switch (change.do) {
    case 'create role':
    case 'create account':
      return [`${who} is not there`]
    case 'grant':
      return [`${who} lacks ${change.privileges.join(', ')} ON ${placeText(change.place)}`]
    case 'begin lease':
      return [`${who} has sessions without the role ${change.role}`]
    case 'grant role':
      return [`${who} lacks the role ${change.role.user}`]
    case 'default roles':
      return [`${who} has other roles on at login than it should`]
    case 'require tls':
      return [`${who} ${change.tls ? 'need not' : 'must'} use TLS`]
    case 'limit connections':
      return [`${who} may not have ${change.maxConnections} connections as it should, or more`]
    default:
      return []
  }
}

export function adoptedText(adopted: {
  accounts: readonly string[]
  statements: readonly string[]
}): string {
  if (adopted.accounts.length === 0) return 'nothing to do: no account waits to be adopted'
  return [
    ...adopted.statements.map(sql => `${sql};`),
    `on record now: ${adopted.accounts.join(', ')}`,
    'the policy rules what is on record: read `ecomdb access plan` before `ecomdb access apply`',
  ].join('\n')
}
