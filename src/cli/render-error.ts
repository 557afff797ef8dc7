import { EcomdbError, ERROR_CODES, EXIT, type ExitStatus, messageOf } from '#core/errors'

export interface RenderedError {
  document: {
    version: 1
    status: ExitStatus
    error: { code: string; what: string; why: string | null; hints: readonly string[] }
    warnings: readonly string[]
  }
  text: string
  status: ExitStatus
}

/** One error as the JSON document and as the text on stderr. A bug shows its stack. */
export function renderError(error: unknown, warnings: readonly string[]): RenderedError {
  const known = classify(error)
  const { code, what, why, hints, exitCode: status } = known
  const lines = [
    `error: ${what}`,
    ...(why ? [`  why:  ${why}`] : []),
    ...hints.map(hint => `  hint: ${hint}`),
    `  code: ${code} (exit ${status})`,
    ...(code === 'BUG' && error instanceof Error ? [error.stack ?? ''] : []),
  ]
  return {
    document: {
      version: 1,
      status,
      error: { code, what, why: why ?? null, hints },
      warnings,
    },
    text: `${lines.join('\n')}\n`,
    status,
  }
}

function classify(error: unknown): EcomdbError {
  if (error instanceof EcomdbError) return error
  if (isUsageError(error)) {
    return new EcomdbError('USAGE', {
      what: messageOf(error).split('\n')[0] ?? 'wrong usage',
      hints: ['add --help to see the flags and arguments'],
      cause: error,
    })
  }
  return new EcomdbError('BUG', {
    what: messageOf(error),
    why: ERROR_CODES.BUG[1],
    hints: ['this is a bug in ecomdb: please report it with the lines below'],
    cause: error,
  })
}

/** oclif's parser marks its errors with exit 2 of its own. */
function isUsageError(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('oclif' in error)) return false
  const { oclif } = error as { oclif?: { exit?: number } }
  return oclif?.exit === EXIT.USAGE
}
