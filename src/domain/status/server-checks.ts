import { countOf, formatDuration } from '#core/units'
import type { OpenGrants } from '../access/open-grants.ts'
import { type SealAge, sealAgeText } from '../audit/seal-age.ts'
import type { CheckedServer, ServerFigures } from './status-line.ts'

/** One of ecomdb's own checks of the server, as `ecomdb status --server` asks for it. */
export interface ServerCheck {
  key: string
  name: string
  /** The words after `ecomdb`. */
  argv: readonly string[]
  /** What its result says, in one line. */
  detail: (result: CheckResult) => string
  /** What of it is for graphs. */
  figures: (result: CheckResult) => Partial<ServerFigures>
  /** What to run where it finds something; the check itself where this is left out. */
  next?: readonly string[]
}

/** The members of the checks' results that are shown; each is missing where the check has none. */
interface CheckResult
  extends Partial<Pick<OpenGrants, 'grants' | 'overdue' | 'breakGlass' | 'endingSoon'>> {
  score?: number
  counts?: { fail: number; pass: number }
  tables?: readonly { problems: readonly string[] }[]
  sealAge?: SealAge | null
  signersTrusted?: boolean
  sealed?: { rightsWatched: boolean } | null
  trailId?: string | null
  missingAnchors?: number
  steps?: readonly unknown[]
  beyond?: readonly unknown[]
  at?: string
  nextEndAt?: string | null
}

export const SERVER_CHECKS: readonly ServerCheck[] = [
  {
    ...{ key: 'audit', name: 'audit trail', argv: ['audit', 'status'] },
    detail: result => {
      const { tables = [], trailId, missingAnchors = 0 } = result
      if (trailId === null) return 'nothing is audited: `ecomdb audit install`'
      const bad = tables.filter(({ problems }) => problems.length > 0).length
      const audited =
        bad > 0
          ? `${bad} of ${tables.length} tables not as they should be`
          : `${countOf(tables.length, 'table')} audited`
      const anchors = missingAnchors > 0 ? `; ${countOf(missingAnchors, 'anchor')} missing` : ''
      return `${audited}${sealText(result)}${anchors}`
    },
    figures: ({ sealAge }) => ({ sealAgeSeconds: sealAge?.ageSeconds ?? null }),
  },
  {
    ...{ key: 'grants', name: 'grants', argv: ['access', 'grants'] },
    detail: grantsDetail,
    figures: ({ grants, overdue, breakGlass, endingSoon }) => ({
      grantsOpen: grants?.length ?? null,
      grantsOverdue: overdue ?? null,
      grantsBreakGlass: breakGlass ?? null,
      grantsEndingSoon: endingSoon ?? null,
    }),
    next: ['`ecomdb access grants`', '`ecomdb access expire` ends those that are over'],
  },
  {
    ...{ key: 'access', name: 'access drift', argv: ['access', 'drift'] },
    detail: ({ steps = [], beyond = [] }) => {
      if (steps.length + beyond.length === 0) return 'none: as the policy says'
      const more = beyond.length > 0 ? `; ${countOf(beyond.length, 'account')} beyond it` : ''
      return `${countOf(steps.length, 'difference')} from the policy${more}`
    },
    figures: ({ steps, beyond }) => ({
      accessDifferences: steps?.length ?? null,
      accountsBeyond: beyond?.length ?? null,
    }),
  },
  {
    ...{ key: 'harden', name: 'hardening', argv: ['harden', 'check'] },
    detail: ({ score, counts }) =>
      `score ${score ?? '?'} of 100, ${counts?.fail ?? '?'} checks fail`,
    figures: ({ score }) => ({ hardenScore: score ?? null }),
  },
]

function sealText({ sealAge, signersTrusted, sealed }: CheckResult): string {
  if (signersTrusted === false) return '; how far it is sealed is not known: no signer is trusted'
  const watched = sealed?.rightsWatched === false ? '; nobody watches the rights of accounts' : ''
  return `${sealAge ? `; ${sealAgeText(sealAge)}` : ''}${watched}`
}

function grantsDetail({ grants = [], overdue = 0, nextEndAt, at }: CheckResult): string {
  const next = grants.find(one => one.endsAt === nextEndAt)
  const ends =
    next && nextEndAt && at
      ? `; the next to end: ${next.person} ${next.role}, in ${formatDuration(Date.parse(nextEndAt) - Date.parse(at))}`
      : ''
  const over = overdue > 0 ? `; ${overdue} OVER, and not ended` : ''
  const broken = grants.filter(one => one.breakGlass && !one.overdue)
  const glass = broken.map(one => `; BREAK-GLASS: ${one.person} ${one.role}`).join('')
  return `${grants.length} open${over}${glass}${ends}`
}

/** What a check printed with --json. */
export interface CheckDocument {
  status: number
  result?: CheckResult
  error?: { code: string; what: string; hints: readonly string[] }
}

/** Pure: a line of the screen, and figures, from a check's document; null where it printed none. */
export function serverLine(check: ServerCheck, document: CheckDocument | null): CheckedServer {
  const { key, name, argv } = check
  const command = [`\`ecomdb ${argv.join(' ')}\``]
  const found = (detail: string, next: readonly string[]): CheckedServer => ({
    line: { key, name, state: 'finding', detail, next },
    figures: check.figures(document?.result ?? {}),
  })
  if (!document) return found('no answer', command)
  const { status, result = {}, error } = document
  if (error) {
    return found(`${error.code}: ${error.what}`, error.hints.length ? error.hints : command)
  }
  const detail = check.detail(result)
  if (status !== 0) return found(detail, check.next ?? command)
  return { line: { key, name, state: 'ok', detail, next: [] }, figures: check.figures(result) }
}
