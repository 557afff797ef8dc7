import { EcomdbError, type ErrorCode } from '#core/errors'

/**
 * What the engine's tool complained of, as an error of ecomdb's: a lost connection is worth
 * another try, a missing privilege is not.
 */
export function toolError(error: unknown, stderr: string, what: string): unknown {
  if (!(error instanceof EcomdbError) || error.code !== 'TOOL_FAILED') return error
  const text = stderr.trim()
  const code = codeOf(text)
  return new EcomdbError(code, {
    ...{ what, why: text || error.why || '', cause: error },
    hints: hintsOf(code, text),
  })
}

function hintsOf(code: ErrorCode, text: string): string[] {
  if (code === 'PRIVILEGE_MISSING') {
    return ['as an administrator: GRANT REPLICATION SLAVE ON *.* TO the account']
  }
  if (!/GTID_MODE = (?:ON|OFF)/.test(text)) return []
  return [
    'it was written under another gtid_mode: set that to ON_PERMISSIVE (or from OFF to OFF_PERMISSIVE), archive, and set it back',
    'or purge those files (PURGE BINARY LOGS), and run `ecomdb backup logical`: the archive has a gap then',
  ]
}

const MEANINGS: readonly [RegExp, ErrorCode][] = [
  // The server has no such place, or no event begins there (its error 1236).
  [/reading packet.*(?:position|at \d+|could not find|bogus|corrupt)/is, 'SERVER_REFUSED'],
  [/access denied.*privilege|REPLICATION SLAVE/i, 'PRIVILEGE_MISSING'],
  [/access denied|authentication/i, 'AUTHENTICATION_REFUSED'],
  [/can't connect|can not connect|unknown .*host/i, 'SERVER_UNREACHABLE'],
  [/lost connection|server has gone away|shutdown|reading packet|killed/i, 'SERVER_LOST'],
]

function codeOf(text: string): ErrorCode {
  return MEANINGS.find(([pattern]) => pattern.test(text))?.[1] ?? 'TOOL_FAILED'
}
