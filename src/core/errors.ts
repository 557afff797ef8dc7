/**
 * The one table of error codes and exit statuses. Help, docs/errors.md and the tests
 * are made from it, so a code is added here and nowhere else.
 *
 * Exit statuses follow restic's and sysexits(3): a script can tell "done, with
 * findings" (3) from "failed" without reading text.
 */

export const EXIT = {
  DONE: 0,
  BUG: 1,
  USAGE: 2,
  FINDINGS: 3,
  NO_REPOSITORY: 10,
  LOCKED: 11,
  WRONG_IDENTITY: 12,
  VERIFICATION_FAILED: 13,
  OBJECTIVE_MISSED: 14,
  SERVER_UNREACHABLE: 20,
  PRIVILEGE_MISSING: 21,
  AUTHENTICATION_REFUSED: 22,
  TOOL_FAILED: 30,
  BAD_CONFIGURATION: 78,
  INTERRUPTED: 130,
} as const

export type ExitStatus = (typeof EXIT)[keyof typeof EXIT]

/** What each exit status means, in the words of the help. */
export const EXIT_MEANING: Record<ExitStatus, string> = {
  0: 'done',
  1: 'a bug, or an error that has no status of its own',
  2: 'wrong usage: a flag, argument or input file',
  3: 'done, with findings: rejects, drift, or a check that did not hold',
  10: 'no repository at the target',
  11: 'locked: another run holds the lock',
  12: 'wrong identity: the private key does not open this repository',
  13: 'verification or drill failed',
  14: 'objective missed: RPO or RTO',
  20: 'server unreachable',
  21: 'privilege missing',
  22: 'authentication or TOTP refused',
  30: 'an external tool, the server or the storage failed',
  78: 'bad configuration',
  130: 'interrupted',
}

/** code: [exit status, when it is raised]. */
export const ERROR_CODES = {
  BUG: [EXIT.BUG, 'ecomdb itself is at fault; the stack is printed'],
  USAGE: [EXIT.USAGE, 'a flag or argument is wrong'],
  INPUT_NOT_FOUND: [EXIT.USAGE, 'an input file is missing, or is a directory'],
  INPUT_INVALID: [EXIT.USAGE, 'an input file cannot be read as what it should be'],
  CONFIRMATION_REQUIRED: [EXIT.USAGE, 'a destructive command was not confirmed by name'],
  TARGET_NOT_EMPTY: [EXIT.USAGE, 'a restore would overwrite what is there'],
  FINDINGS: [EXIT.FINDINGS, 'the work is done, and something needs a look'],
  SCHEMA_DRIFT: [EXIT.FINDINGS, 'the live schema is not what the migrations made'],
  REPOSITORY_NOT_FOUND: [EXIT.NO_REPOSITORY, 'the target holds no repository'],
  REPOSITORY_VERSION: [
    EXIT.NO_REPOSITORY,
    'the repository is of a version this ecomdb cannot read',
  ],
  SNAPSHOT_NOT_FOUND: [EXIT.NO_REPOSITORY, 'no such snapshot'],
  TARGET_UNAVAILABLE: [EXIT.NO_REPOSITORY, 'the target is not mounted or cannot be reached'],
  LOCKED: [EXIT.LOCKED, 'another run holds the lock'],
  WRONG_IDENTITY: [EXIT.WRONG_IDENTITY, 'no identity at hand opens the snapshot'],
  SIGNATURE_INVALID: [
    EXIT.VERIFICATION_FAILED,
    'an envelope is unsigned, edited, or signed by a stranger',
  ],
  OBJECT_DAMAGED: [EXIT.VERIFICATION_FAILED, 'an object is missing, truncated, swapped or edited'],
  CONTENT_MISMATCH: [EXIT.VERIFICATION_FAILED, 'what came back is not what was backed up'],
  NOT_CONSISTENT: [
    EXIT.VERIFICATION_FAILED,
    'the backup could not be shown to be of one point in time',
  ],
  OBJECTIVE_MISSED: [EXIT.OBJECTIVE_MISSED, 'the RPO or RTO of the policy was missed'],
  SERVER_UNREACHABLE: [EXIT.SERVER_UNREACHABLE, 'the server cannot be reached'],
  SERVER_LOST: [EXIT.SERVER_UNREACHABLE, 'the server went away in the middle of the work'],
  PRIVILEGE_MISSING: [EXIT.PRIVILEGE_MISSING, 'the account lacks a privilege'],
  AUTHENTICATION_REFUSED: [EXIT.AUTHENTICATION_REFUSED, 'the server refused the password'],
  SERVER_REFUSED: [EXIT.TOOL_FAILED, 'the server refused a statement'],
  TOOL_MISSING: [EXIT.TOOL_FAILED, 'a program that is needed is not installed'],
  TOOL_FAILED: [EXIT.TOOL_FAILED, 'a program that was started failed'],
  STORAGE_FAILED: [
    EXIT.TOOL_FAILED,
    'reading or writing storage failed: full disk, read-only, permission',
  ],
  CONFIG_NOT_FOUND: [EXIT.BAD_CONFIGURATION, 'there is no ecomdb.yaml'],
  CONFIG_INVALID: [EXIT.BAD_CONFIGURATION, 'ecomdb.yaml or a policy is wrong; the line is named'],
  SECRET_MISSING: [
    EXIT.BAD_CONFIGURATION,
    'a key or password file is missing, or readable by others',
  ],
  SCHEMA_MISSING: [
    EXIT.BAD_CONFIGURATION,
    'the database, or a table or procedure that is needed, is not there',
  ],
  UNSUPPORTED: [EXIT.BAD_CONFIGURATION, 'this server or target cannot do what is asked'],
  INTERRUPTED: [EXIT.INTERRUPTED, 'stopped by Ctrl-C or SIGTERM; cleaned up'],
} as const satisfies Record<string, readonly [ExitStatus, string]>

export type ErrorCode = keyof typeof ERROR_CODES

export interface ErrorDetails {
  /** What failed: a lower-case sentence without a full stop. */
  what: string
  /** Why, as far as it is known: the object, the place, expected and got. */
  why?: string
  /** What to do next; each names the command to run where there is one. */
  hints?: readonly string[]
  cause?: unknown
}

/** An error that a user can act on: printed without a stack, with its code and exit status. */
export class EcomdbError extends Error {
  readonly code: ErrorCode
  readonly what: string
  readonly why: string | undefined
  readonly hints: readonly string[]
  /** oclif's JSON mode exits with this. */
  readonly exitCode: ExitStatus
  /** oclif's text mode exits with this. Both must be set. */
  readonly oclif: { exit: ExitStatus }

  constructor(code: ErrorCode, details: ErrorDetails) {
    super(details.why ? `${details.what}: ${details.why}` : details.what, { cause: details.cause })
    this.name = 'EcomdbError'
    this.code = code
    this.what = details.what
    this.why = details.why
    this.hints = details.hints ?? []
    this.exitCode = ERROR_CODES[code][0]
    this.oclif = { exit: this.exitCode }
  }
}

/** The `code` of a Node or driver error (ENOENT, ECONNREFUSED, ER_…), or undefined. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
