import type { StatusLine } from './shop-status.ts'

/** One of ecomdb's own checks of the server, as `ecomdb status --server` asks for it. */
export interface ServerCheck {
  key: string
  name: string
  /** The words after `ecomdb`. */
  argv: readonly string[]
  /** What its result says, in one line. */
  detail: (result: CheckResult) => string
}

/** The members of the checks' results that are shown; each is missing where the check has none. */
interface CheckResult {
  score?: number
  counts?: { fail: number; pass: number }
  tables?: readonly { problems: readonly string[] }[]
  steps?: readonly unknown[]
}

export const SERVER_CHECKS: readonly ServerCheck[] = [
  {
    ...{ key: 'audit', name: 'audit trail', argv: ['audit', 'status'] },
    detail: ({ tables = [] }) => {
      const bad = tables.filter(({ problems }) => problems.length > 0).length
      return bad > 0
        ? `${bad} of ${tables.length} tables not as they should be`
        : `${tables.length} tables audited`
    },
  },
  {
    ...{ key: 'access', name: 'access', argv: ['access', 'drift'] },
    detail: ({ steps = [] }) =>
      steps.length > 0 ? `${steps.length} differences from the policy` : 'as the policy says',
  },
  {
    ...{ key: 'harden', name: 'hardening', argv: ['harden', 'check'] },
    detail: ({ score, counts }) =>
      `score ${score ?? '?'} of 100, ${counts?.fail ?? '?'} checks fail`,
  },
]

/** What a check printed with --json. */
export interface CheckDocument {
  status: number
  result?: CheckResult
  error?: { code: string; what: string; hints: readonly string[] }
}

/** Pure: a line of the screen from a check's document; null where it printed none. */
export function serverLine(check: ServerCheck, document: CheckDocument | null): StatusLine {
  const { key, name, argv } = check
  const command = `\`ecomdb ${argv.join(' ')}\``
  if (!document) return { key, name, state: 'finding', detail: 'no answer', next: [command] }
  const { status, result, error } = document
  if (error) {
    const detail = `${error.code}: ${error.what}`
    return {
      key,
      name,
      state: 'finding',
      detail,
      next: error.hints.length ? error.hints : [command],
    }
  }
  const detail = check.detail(result ?? {})
  if (status === 0) return { key, name, state: 'ok', detail, next: [] }
  return { key, name, state: 'finding', detail, next: [command] }
}
