/**
 * The one table of error codes and exit statuses. Help, docs/errors.md and the tests
 * are made from it, so a code is added here and nowhere else.
 *
 * Exit statuses follow restic's and sysexits(3): a script can tell "done, with
 * findings" (3) from "failed" without reading text.
 */

import { constants } from 'node:os'

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

/** "done"; of a status that is none of ours: "exit 5". */
export function exitMeaning(status: number): string {
  return EXIT_MEANING[status as ExitStatus] ?? `exit ${status}`
}

/**
 * code: [exit status, when it is raised, what to do then]. `ecomdb errors` and docs/errors.md
 * print it.
 */
export const ERROR_CODES = {
  BUG: [
    EXIT.BUG,
    'ecomdb itself is at fault; the stack is printed',
    'report it with the command line and the stack; the same command with --json gives it in one piece',
  ],
  USAGE: [
    EXIT.USAGE,
    'a flag or argument is wrong',
    'add --help to the command: it lists the flags, the arguments and an example',
  ],
  INPUT_NOT_FOUND: [
    EXIT.USAGE,
    'an input file is missing, or is a directory',
    'check the path; a folder is not taken for the files in it',
  ],
  INPUT_INVALID: [
    EXIT.USAGE,
    'an input file cannot be read as what it should be',
    'the message names line and column; correct the file, or export it again',
  ],
  PASSWORD_REFUSED: [
    EXIT.USAGE,
    'a new password is not what the policy asks for; every reason is named',
    '`ecomdb policy show` prints the rules; `--generate` makes one that keeps to them',
  ],
  CONFIRMATION_REQUIRED: [
    EXIT.USAGE,
    'a destructive command was not confirmed by name',
    'read the plan that was printed, then repeat with --confirm and the name that it asks for',
  ],
  TARGET_NOT_EMPTY: [
    EXIT.USAGE,
    'a restore would overwrite what is there',
    'restore into an empty server or another schema; nothing was changed',
  ],
  FINDINGS: [
    EXIT.FINDINGS,
    'the work is done, and something needs a look',
    'read the findings; the work itself is complete',
  ],
  SCHEMA_DRIFT: [
    EXIT.FINDINGS,
    'the live schema is not what the migrations made',
    '`ecomdb provision status` names the differences; undo the hand-made change, or ask for a migration',
  ],
  REPOSITORY_NOT_FOUND: [
    EXIT.NO_REPOSITORY,
    'the target holds no repository',
    'check the target in ecomdb.yaml; `ecomdb init` makes a repository in a new folder, backups never do',
  ],
  REPOSITORY_VERSION: [
    EXIT.NO_REPOSITORY,
    'the repository is of a version this ecomdb cannot read',
    'use the ecomdb version that wrote it, or a newer one; the newest RESTORE*.md in the repository needs none',
  ],
  SNAPSHOT_NOT_FOUND: [
    EXIT.NO_REPOSITORY,
    'no such snapshot',
    '`ecomdb backup list` shows the snapshots',
  ],
  TARGET_UNAVAILABLE: [
    EXIT.NO_REPOSITORY,
    'the target is not mounted or cannot be reached',
    'mount the disk or repair the connection; nothing was written elsewhere instead',
  ],
  TARGET_SILENT: [
    EXIT.NO_REPOSITORY,
    'a disk or a share does not answer',
    'bring its server or its disk back; until then whoever reads there waits for it',
  ],
  LOCKED: [
    EXIT.LOCKED,
    'another run holds the lock',
    'wait for the other run to end; a lock of a run that died is released by itself',
  ],
  WRONG_IDENTITY: [
    EXIT.WRONG_IDENTITY,
    'no identity at hand opens the snapshot',
    'name the right private key with --identity; the escrow key opens every snapshot',
  ],
  SIGNATURE_INVALID: [
    EXIT.VERIFICATION_FAILED,
    'an envelope is unsigned, edited, or signed by a stranger',
    'do not restore from it; compare with another copy, and find out who wrote it',
  ],
  OBJECT_DAMAGED: [
    EXIT.VERIFICATION_FAILED,
    'an object is missing, truncated, swapped or edited',
    'restore from another copy or snapshot; the next backup stores what is damaged again',
  ],
  CONTENT_MISMATCH: [
    EXIT.VERIFICATION_FAILED,
    'what came back is not what was backed up',
    'do not trust the restored data; the message names the table and the rows',
  ],
  TRAIL_BROKEN: [
    EXIT.VERIFICATION_FAILED,
    'the audit trail in the database and its anchors do not fit',
    '`ecomdb audit verify` says where; after a restore, `ecomdb audit seal --epoch-break REASON` says why',
  ],
  NOT_CONSISTENT: [
    EXIT.VERIFICATION_FAILED,
    'the backup could not be shown to be of one point in time',
    'run the backup when no DDL is running; nothing was published',
  ],
  BINLOG_GAP: [
    EXIT.VERIFICATION_FAILED,
    'a part of the binary log is lost: the archive has a hole, and what lies behind it needs a new snapshot',
    'take a snapshot now: `ecomdb backup logical`; `ecomdb backup window` shows what can be restored',
  ],
  OUTSIDE_WINDOW: [
    EXIT.NO_REPOSITORY,
    'the moment that is asked for cannot be restored: no snapshot and unbroken binary log lead there',
    '`ecomdb backup window` shows the moments that can be restored, and the gaps',
  ],
  OBJECTIVE_MISSED: [
    EXIT.OBJECTIVE_MISSED,
    'the RPO or RTO of the policy was missed',
    'back up more often, or restore faster: the drill report says where the time went',
  ],
  SERVER_UNREACHABLE: [
    EXIT.SERVER_UNREACHABLE,
    'the server cannot be reached',
    '`ecomdb doctor` tries the server and says what it meets',
  ],
  SERVER_LOST: [
    EXIT.SERVER_UNREACHABLE,
    'the server went away in the middle of the work',
    "read the server's error log; run the command again, what was done is kept",
  ],
  PRIVILEGE_MISSING: [
    EXIT.PRIVILEGE_MISSING,
    'the account lacks a privilege',
    '`ecomdb doctor` lists what the account lacks; `ecomdb provision apply` grants it to the service accounts',
  ],
  AUTHENTICATION_REFUSED: [
    EXIT.AUTHENTICATION_REFUSED,
    'the server refused the password',
    'check the account and the file or variable that the password comes from',
  ],
  LOGIN_REFUSED: [
    EXIT.AUTHENTICATION_REFUSED,
    'the password or the code is wrong, or the person may not log in; which of them is not said',
    'wait for the next code and try again; an operator sees the reason with `ecomdb user show`',
  ],
  OPERATOR_CODE_REQUIRED: [
    EXIT.AUTHENTICATION_REFUSED,
    'policies/totp.yaml asks for a code of who runs this command, and there is none, or from nobody who may',
    'answer the prompt, or set ECOMDB_OPERATOR_CODE; ECOMDB_OPERATOR names the person',
  ],
  LOGIN_THROTTLED: [
    EXIT.AUTHENTICATION_REFUSED,
    'too many attempts were wrong: nobody may try for a while',
    'wait for as long as the message says; an operator lifts it with `ecomdb user unlock`',
  ],
  SERVER_REFUSED: [
    EXIT.TOOL_FAILED,
    'the server refused a statement',
    "the server's own words are in the message",
  ],
  TOOL_MISSING: [
    EXIT.TOOL_FAILED,
    'a program that is needed is not installed',
    '`ecomdb doctor` lists the programs; bin/setup unpacks them without root',
  ],
  TOOL_FAILED: [
    EXIT.TOOL_FAILED,
    'a program that was started failed',
    "the program's own words are in the message",
  ],
  TOOL_KILLED: [
    EXIT.TOOL_FAILED,
    'a program or a private server was killed from outside, mostly by the kernel for want of memory',
    'see whether `journalctl -k` tells of "Out of memory"; run it again where there is more memory',
  ],
  STORAGE_FAILED: [
    EXIT.TOOL_FAILED,
    'reading or writing storage failed: full disk, read-only, permission',
    'make room or repair the permissions, then run the command again: nothing half-written counts',
  ],
  CONFIG_NOT_FOUND: [
    EXIT.BAD_CONFIGURATION,
    'there is no ecomdb.yaml',
    '`ecomdb init` makes one; ECOMDB_CONFIG or --config names another',
  ],
  CONFIG_INVALID: [
    EXIT.BAD_CONFIGURATION,
    'ecomdb.yaml or a policy is wrong; the line is named',
    'correct the lines that are named; policies/ecomdb.schema.json lists every key',
  ],
  SECRET_MISSING: [
    EXIT.BAD_CONFIGURATION,
    'a key or password file is missing, or readable by others',
    'restore the file, or `chmod 600` it; `ecomdb doctor` checks all of them',
  ],
  SCHEMA_MISSING: [
    EXIT.BAD_CONFIGURATION,
    'the database, or a table or procedure that is needed, is not there',
    '`ecomdb provision apply` makes the schema',
  ],
  UNSUPPORTED: [
    EXIT.BAD_CONFIGURATION,
    'this server or target cannot do what is asked',
    'the message says what is missing; `ecomdb doctor` says what the server can do',
  ],
  INTERRUPTED: [
    EXIT.INTERRUPTED,
    'stopped by Ctrl-C or SIGTERM; cleaned up',
    'run the command again',
  ],
} as const satisfies Record<string, readonly [ExitStatus, string, string]>

export type ErrorCode = keyof typeof ERROR_CODES

export interface ErrorDetails {
  /** What failed: a lower-case sentence without a full stop. */
  what: string
  /** Why, as far as it is known: the object, the place, expected and got. */
  why?: string
  /** What to do next; each names the command to run where there is one. */
  hints?: readonly string[]
  /** false: another run meets the same until a person has changed something, whatever is true of the code. */
  again?: false
  cause?: unknown
}

/** An error that a user can act on: printed without a stack, with its code and exit status. */
export class EcomdbError extends Error {
  readonly code: ErrorCode
  readonly what: string
  readonly why: string | undefined
  readonly hints: readonly string[]
  readonly again: false | undefined
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
    this.again = details.again
    this.exitCode = ERROR_CODES[code][0]
    this.oclif = { exit: this.exitCode }
  }
}

/** The `code` of a Node or driver error (ENOENT, ECONNREFUSED, ER_…), or undefined. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  if (typeof error.code !== 'string') return undefined
  const [, number] = /^Unknown system error -(\d+)$/.exec(error.code) ?? []
  return (number && UNNAMED.get(Number(number))) || error.code
}

/** Numbers that Node itself has no name for, among them those of a quota, a stale share and a bad checksum. */
const UNNAMED: ReadonlyMap<number, string> = new Map<number, string>([
  ...Object.entries(constants.errno).map(([name, number]): [number, string] => [number, name]),
  ...(process.platform === 'linux' ? [[117, 'EUCLEAN'] as [number, string]] : []),
])

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
