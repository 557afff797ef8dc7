import { join } from 'node:path'
import { closest } from '#core/closest'
import { EcomdbError, ERROR_CODES, EXIT, type ExitStatus, messageOf } from '#core/errors'
import { packageRoot } from '#core/paths'
import { FailedRun, printJson } from './output.ts'

interface RenderedError {
  document: {
    version: 1
    status: ExitStatus
    error: {
      code: string
      what: string
      why: string | null
      hints: readonly string[]
      /** Only where a person has to change something first. */
      again?: false
    }
    warnings: readonly string[]
  }
  text: string
  /** Of a bug only: a user's mistake has none. */
  stack: string | null
  status: ExitStatus
}

/**
 * Prints what a run threw: the document on stdout with --json, else text on stderr. A bug's
 * stack goes to stderr in both.
 *
 * @returns the exit status, the same in both
 */
export function printError(thrown: unknown, json: boolean): ExitStatus {
  const [error, warnings] =
    thrown instanceof FailedRun ? [thrown.cause, thrown.warnings] : [thrown, []]
  const { document, text, stack, status } = renderError(error, warnings)
  if (json) printJson(document)
  else process.stderr.write(text)
  if (stack) process.stderr.write(`${stack}\n`)
  return status
}

/**
 * Of a run whose output was lost: whoever reads the file must not take its end for a success.
 *
 * @returns the exit status: the run's own where that was none of success
 */
export function printLost(lost: Error, status: number): number {
  const error = new EcomdbError('STORAGE_FAILED', {
    what: 'what this run printed could not be written to its end',
    why: messageOf(lost),
    hints: [
      `the work itself ended with status ${status}`,
      'make room there, or print it elsewhere',
    ],
    cause: lost,
  })
  const failed = printError(error, false)
  return status === EXIT.DONE ? failed : status
}

/** One error as the JSON document and as the text for stderr. */
function renderError(error: unknown, warnings: readonly string[]): RenderedError {
  const { code, what, why, hints, again, exitCode: status } = classify(error)
  const told = { code, what, why: why ?? null, hints, ...(again === false ? { again } : {}) }
  const lines = [
    `error: ${indent(what)}`,
    ...(why ? [`  why:  ${indent(why)}`] : []),
    ...hints.map(hint => `  hint: ${indent(hint)}`),
    `  code: ${code} (exit ${status})`,
  ]
  return {
    document: { version: 1, status, error: told, warnings },
    text: `${lines.join('\n')}\n`,
    stack: code === 'BUG' ? stackOf(error) : null,
    status,
  }
}

/** Further lines stand under the first. */
function indent(text: string): string {
  return text.replaceAll('\n', '\n        ')
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause ? `\n  caused by: ${stackOf(error.cause)}` : ''
  return `${error.stack ?? error.message}${cause}`
}

function classify(error: unknown): EcomdbError {
  if (error instanceof EcomdbError) return error
  if (isCancelledPrompt(error)) {
    return new EcomdbError('INTERRUPTED', { what: 'the question was not answered', cause: error })
  }
  if (isUsageError(error)) return usageError(error)
  if (isMissingPart(error)) {
    return new EcomdbError('BUG', {
      what: messageOf(error),
      why: 'a part of ecomdb itself is not there (any more)',
      hints: ['was ecomdb upgraded or removed while this ran? run the command again'],
      cause: error,
    })
  }
  return new EcomdbError('BUG', {
    what: messageOf(error),
    why: ERROR_CODES.BUG[1],
    hints: ['this is a bug in ecomdb: please report it with the lines on stderr'],
    cause: error,
  })
}

/** A module, or a file that is read when it is needed first (docs/, policies/, migrations). */
function isMissingPart(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code, path } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return path?.startsWith(join(packageRoot(), '/')) === true
  return code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND'
}

/** @inquirer/prompts throws these on Ctrl-C and Ctrl-D. */
function isCancelledPrompt(error: unknown): boolean {
  return error instanceof Error && ['ExitPromptError', 'AbortPromptError'].includes(error.name)
}

/** What oclif's parser throws. */
interface ParserError extends Error {
  oclif: { exit: number }
  /** Of NonExistentFlagsError: as typed, with their dashes. */
  flags?: unknown
  /** Of RequiredArgsError. */
  args?: unknown
  parse?: { input?: { flags?: Record<string, unknown> } }
}

function isUsageError(error: unknown): error is ParserError {
  if (!(error instanceof Error) || !('oclif' in error)) return false
  const { oclif } = error as { oclif?: { exit?: number } }
  return oclif?.exit === EXIT.USAGE
}

function usageError(error: ParserError): EcomdbError {
  const [first = '', ...rest] = messageOf(error)
    .split('\n')
    .filter(line => line.trim() && !/^See more help|^The following errors? occurred/.test(line))
    .map(line => line.trim())
  const missing = missingNames(error, [first, ...rest])
  if (missing.length > 0) {
    return new EcomdbError('USAGE', {
      what: `missing ${missing.join(' and ')}`,
      hints: ['add --help to see the flags and arguments'],
      cause: error,
    })
  }
  return new EcomdbError('USAGE', {
    what: first.charAt(0).toLowerCase() + first.slice(1).replace(/:$/, ''),
    ...(rest.length ? { why: rest.join('\n') } : {}),
    hints: [...suggestFlags(error), 'add --help to see the flags and arguments'],
    cause: error,
  })
}

/** Arguments as the help writes them, or flags, when that is all that is wrong. */
function missingNames({ args }: ParserError, lines: readonly string[]): string[] {
  if (/^Missing \d+ required arg/.test(lines[0] ?? '') && Array.isArray(args)) {
    return args.map(arg => String(arg.name).toUpperCase())
  }
  const flags = lines.map(line => /^Missing required flag (\S+)$/.exec(line)?.[1])
  return flags.every(flag => flag !== undefined) ? flags.map(flag => `--${flag}`) : []
}

function suggestFlags({ flags, parse }: ParserError): string[] {
  if (!Array.isArray(flags)) return []
  const known = Object.keys(parse?.input?.flags ?? {}).map(name => `--${name}`)
  return flags.flatMap(flag => {
    const meant = closest(String(flag).replace(/=.*/s, ''), known)
    return meant ? [`did you mean ${meant} instead of ${flag}?`] : []
  })
}
