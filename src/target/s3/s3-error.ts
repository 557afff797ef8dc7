import { EcomdbError, messageOf, systemCode } from '#core/errors'
import { nameTaken } from '../name.ts'
import { NOT_FROM_SERVICE } from './not-from-service.ts'

/** What a service answers, as far as it is known; Ceph sends no message with most errors. */
interface ServiceAnswer {
  /** "NoSuchKey", "AccessDenied", …; the message is often empty. */
  name: string
  /** undefined: no answer came. */
  status: number | undefined
}

export function answerOf(error: unknown): ServiceAnswer {
  if (typeof error !== 'object' || error === null) return { name: '', status: undefined }
  const { name } = error as { name?: unknown }
  const { $metadata } = error as { $metadata?: { httpStatusCode?: number } }
  return { name: typeof name === 'string' ? name : '', status: $metadata?.httpStatusCode }
}

/** There is no such object; a bucket that is missing is something else. */
export function isMissing(error: unknown): boolean {
  const { name, status } = answerOf(error)
  return status === 404 && name !== 'NoSuchBucket'
}

/** The precondition If-None-Match did not hold: the name is taken. */
export function isTaken(error: unknown): boolean {
  return answerOf(error).status === 412
}

export function isDenied(error: unknown): boolean {
  return answerOf(error).status === 403
}

/** Failures that another try may not meet. A refusal is none. */
export function mayPass(error: unknown): boolean {
  const { name, status } = answerOf(error)
  if (status !== undefined) return status >= 500 || status === 429 || PASSING_NAMES.has(name)
  return PASSING_NAMES.has(name) || PASSING_CODES.has(systemCode(error) ?? '')
}

/** The endpoint does not listen: at the first request that is a mistake in the configuration. */
export function isUnreachable(error: unknown): boolean {
  return NOT_THERE.has(systemCode(error) ?? '')
}

const PASSING_NAMES = new Set([
  ...['RequestTimeout', 'OperationAborted', 'ConditionalRequestConflict', 'TimeoutError'],
  // A body that was changed on the way, by the one checksum or the other.
  ...['IncompleteBodyError', 'BadDigest', 'XAmzContentSHA256Mismatch', NOT_FROM_SERVICE],
])
const NOT_THERE = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH'])
const PASSING_CODES = new Set([
  ...['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ETIMEDOUT', 'ECONNABORTED', 'EAI_AGAIN'],
  ...['EHOSTUNREACH', 'ENETUNREACH', 'ERR_STREAM_PREMATURE_CLOSE', 'HPE_INVALID_CONSTANT'],
])

/**
 * An error of the SDK as ecomdb's; any other is given back as it is.
 *
 * @param what what was being done: "cannot write objects/… to s3://…"
 */
export function translateS3Error(error: unknown, what: string, label: string): unknown {
  if (error instanceof EcomdbError) return error
  const { name, status } = answerOf(error)
  const code = systemCode(error)
  const because = KNOWN[name] ?? (status === 403 ? denied(name) : undefined)
  if (because) {
    const { why, hints } = because.said(label)
    return new EcomdbError(because.code, { what, why: why + said(error), hints, cause: error })
  }
  if (status !== undefined) {
    const why = `the service answered ${status}${name === 'Unknown' ? '' : ` ${name}`}${said(error)}`
    return new EcomdbError('STORAGE_FAILED', { what, why, hints: [CHECK], cause: error })
  }
  if (code !== undefined || UNANSWERED.has(name)) {
    return new EcomdbError('TARGET_UNAVAILABLE', {
      what: `the target ${label} cannot be reached`,
      why: `${what}: ${messageOf(error)}`,
      hints: ['check target.s3.endpoint, and the network; then run the command again'],
      cause: error,
    })
  }
  return error
}

/** The service's own word, where it has one: there is more that is answered so than a right that is lacking. */
function denied(name: string): Reason {
  const is = UNNAMED.has(name) ? '' : ` ${name}`
  return {
    code: 'STORAGE_FAILED',
    said: () => ({ why: `permission denied (403${is})`, hints: [CHECK] }),
  }
}

/** What the SDK calls an answer that names nothing. */
const UNNAMED: ReadonlySet<string> = new Set(['', 'AccessDenied', 'Unknown', 'UnknownError', '403'])

/** No answer of the service came, or not all of it. */
const UNANSWERED: ReadonlySet<string> = new Set([
  ...['TimeoutError', 'IncompleteBodyError', NOT_FROM_SERVICE],
])

const CHECK = '`ecomdb target check` finds out what this bucket allows'

interface Reason {
  code:
    | 'TARGET_UNAVAILABLE'
    | 'STORAGE_FAILED'
    | 'AUTHENTICATION_REFUSED'
    | 'SECRET_MISSING'
    | 'CONFIG_INVALID'
  said(label: string): { why: string; hints: string[] }
}

const refusedKey: Reason = {
  code: 'AUTHENTICATION_REFUSED',
  said: label => ({
    why: `the service does not accept the credentials for ${label}`,
    hints: ['check target.s3.credentials_file or profile, or AWS_ACCESS_KEY_ID and its secret'],
  }),
}

const KNOWN: Readonly<Record<string, Reason>> = {
  NoSuchBucket: {
    code: 'TARGET_UNAVAILABLE',
    said: label => ({
      why: `there is no bucket for ${label}`,
      hints: ['check target.s3.bucket and endpoint; ecomdb never makes a bucket'],
    }),
  },
  AccessDenied: denied('AccessDenied'),
  QuotaExceeded: {
    code: 'STORAGE_FAILED',
    said: label => ({
      why: `the quota of the bucket or of its owner is used up (403 QuotaExceeded): ${label} is full`,
      hints: [
        'have the quota raised, or let `ecomdb backup expire --confirm` make room',
        'then run the command again: what was stored so far is used',
      ],
    }),
  },
  InvalidObjectState: {
    code: 'STORAGE_FAILED',
    said: () => ({
      why: 'a rule of the bucket has moved it to an archive (GLACIER, DEEP_ARCHIVE), where nothing is read (403)',
      hints: [
        'bring all files below the prefix back (`aws s3api restore-object`), wait for hours, and run the command again',
        'take the rule away: `ecomdb target check` names it',
      ],
    }),
  },
  InvalidAccessKeyId: refusedKey,
  SignatureDoesNotMatch: refusedKey,
  ExpiredToken: refusedKey,
  RequestTimeTooSkewed: {
    code: 'TARGET_UNAVAILABLE',
    said: () => ({
      why: 'the clocks of this host and of the service differ by more than 15 minutes',
      hints: ['set the clock of this host right'],
    }),
  },
  CredentialsProviderError: {
    code: 'SECRET_MISSING',
    said: label => ({
      why: `there are no credentials for ${label}`,
      hints: ['set target.s3.credentials_file, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY'],
    }),
  },
}

function said(error: unknown): string {
  const message = messageOf(error)
  return message && message !== 'UnknownError' ? `: ${message}` : ''
}

export function noLocks(label: string, cause: unknown): EcomdbError {
  return new EcomdbError('UNSUPPORTED', {
    what: `cannot lock files in ${label}`,
    why: 'the bucket was made without object locks',
    hints: [
      'make a bucket with object locks: they cannot be turned on later everywhere',
      'or leave target.s3.object_lock out: nothing then keeps backups from being deleted',
    ],
    cause,
  })
}

/** A put that was taken, and cannot be found. */
export function lost(label: string, name: string): EcomdbError {
  return new EcomdbError('STORAGE_FAILED', {
    what: `cannot write ${name} to ${label}`,
    why: 'the service took it, and does not list it',
    hints: ['`ecomdb target check` finds out what this bucket can promise'],
  })
}

/**
 * The name is taken, and not by what was sent, as far as its ETag tells. Where the bucket encrypts with a key of a
 * service (SSE-KMS) that is no MD5 and tells nothing, and a backup's credential may not read what is there.
 */
export function takenBy(
  label: string,
  name: string,
  there: { sizeBytes: number } | null,
  { uncertain, sizeBytes }: { uncertain: boolean; sizeBytes: number },
): EcomdbError {
  if (!uncertain || there?.sizeBytes !== sizeBytes) return nameTaken(label, name)
  return new EcomdbError('STORAGE_FAILED', {
    what: `cannot tell whether ${name} came to ${label}`,
    why: 'an answer was lost; a file of its name and size is there, whose ETag is not the MD5 of what was sent: so it is where the bucket encrypts by SSE-KMS, or it is another file',
    hints: [
      'run the command again: nothing half-written counts',
      'where it comes often, see why answers are lost; with SSE-S3 in place of SSE-KMS a file is known again',
    ],
  })
}

/** The bucket locks what is put there in a mode of its own, that a lock of ours cannot replace. */
export function weaker(label: string, name: string): EcomdbError {
  return new EcomdbError('UNSUPPORTED', {
    what: `cannot lock ${name} in ${label} as target.s3.object_lock says`,
    why: 'mode: compliance was asked for, and the bucket says that it holds the file in governance mode',
    hints: [
      "take the bucket's own default retention away, or set its mode to COMPLIANCE",
      'or say mode: governance, which whoever has the right to bypass it can lift',
    ],
  })
}
