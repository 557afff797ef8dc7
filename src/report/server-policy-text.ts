import type { ServerRule } from '#domain/credential/server-rule'
import { alignColumns } from './align-columns.ts'

/** Structurally what `ecomdb policy check` and `policy apply` give back. */
interface Report {
  server: { engine: string; version: string; account: string }
  policy: string
  rules: readonly ServerRule[]
  departures: number
}

interface Applied {
  before: Report
  after: Report | null
  steps: readonly {
    statement: string
    lines: readonly string[]
    outcome: 'planned' | 'done' | 'refused'
    why: string | null
  }[]
}

const MARK: Record<ServerRule['verdict'], string> = {
  same: 'same',
  stricter: 'stricter',
  departs: 'DEPARTS',
  'in part': 'in part',
  'ecomdb alone': 'ecomdb',
}

/** A line a rule: what the policy asks for, and what the server does by itself. */
export function serverPolicyText(report: Report): string {
  const { server, policy, rules } = report
  const rows = rules.map(({ rule, verdict, ...one }) => [
    MARK[verdict],
    rule,
    one.policy,
    one.server,
  ])
  return [
    `${server.engine} ${server.version}, beside ${policy}`,
    alignColumns(rows, ['left', 'left', 'left', 'left']),
    '',
    countLine(report),
  ].join('\n')
}

export function appliedPolicyText({ before, after, steps }: Applied): string {
  const lines = steps.filter(({ outcome }) => outcome !== 'refused').flatMap(step => step.lines)
  return [
    after ? 'executed:' : 'would be executed with --confirm:',
    ...(steps.length > 0 ? steps.map(stepLine) : ['  nothing']),
    ...(lines.length > 0 ? ['', 'for the configuration file:'] : []),
    ...[...new Set(lines)].map(line => `  ${line}`),
    '',
    countLine(after ?? before),
  ].join('\n')
}

function stepLine({ statement, why }: Applied['steps'][number]): string {
  return `  ${statement};${why ? `\n    the server refused it: ${why}` : ''}`
}

function countLine({ rules, departures }: Report): string {
  const alone = rules.filter(({ verdict }) => verdict === 'ecomdb alone').length
  return `${departures} of ${rules.length} rules depart; ${alone} are of ecomdb alone: a password that is set without it is not looked at for them`
}
