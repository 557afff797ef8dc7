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
    hints:
      code === 'PRIVILEGE_MISSING'
        ? ['as an administrator: GRANT REPLICATION SLAVE ON *.* TO the account']
        : [],
  })
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
