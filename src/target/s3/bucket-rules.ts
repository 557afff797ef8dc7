import { GetBucketLifecycleConfigurationCommand, type LifecycleRule } from '@aws-sdk/client-s3'
import type { S3Requests } from './requests.ts'
import { answerOf, isDenied, isMissing, translateS3Error } from './s3-error.ts'

/**
 * Lifecycle rules by which the bucket removes or hides files below a prefix, or puts them where they cannot
 * be read: nobody is asked then.
 *
 * @param prefix of all keys, with its slash; '' for the whole bucket
 * @returns what they do, for people; null: this account may not ask, or the service knows no rules
 * @throws EcomdbError STORAGE_FAILED, TARGET_UNAVAILABLE, AUTHENTICATION_REFUSED
 */
export async function removingRules(
  requests: S3Requests,
  bucket: string,
  prefix: string,
): Promise<string[] | null> {
  const command = new GetBucketLifecycleConfigurationCommand({ Bucket: bucket })
  try {
    const { Rules = [] } = await requests.runRaw(0, (client, abortSignal) =>
      client.send(command, { abortSignal }),
    )
    return Rules.filter(rule => rule.Status === 'Enabled' && isAbout(rule, prefix)).flatMap(textOf)
  } catch (error) {
    // NoSuchLifecycleConfiguration.
    if (isMissing(error)) return []
    if (isDenied(error) || UNKNOWN.has(answerOf(error).status ?? 0)) return null
    throw translateS3Error(error, `cannot ask for the rules of ${bucket}`, requests.label)
  }
}

/** Services that have no lifecycle: method not allowed, not implemented. */
const UNKNOWN: ReadonlySet<number> = new Set([400, 405, 501])

/** Files of a repository have no tags. */
function isAbout({ Filter, Prefix }: LifecycleRule, prefix: string): boolean {
  if (Filter?.Tag || Filter?.And?.Tags?.length) return false
  const own = Filter?.Prefix ?? Filter?.And?.Prefix ?? Prefix ?? ''
  return prefix.startsWith(own) || own.startsWith(prefix)
}

function textOf(rule: LifecycleRule): string[] {
  const { ID = '', Expiration, NoncurrentVersionExpiration } = rule
  const older = NoncurrentVersionExpiration?.NoncurrentDays
  const when = whenOf(Expiration)
  const to = (one: { StorageClass?: string | undefined }): boolean =>
    ARCHIVES.has(one.StorageClass ?? '')
  const archived = (rule.Transitions ?? []).filter(to)
  const olderArchived = (rule.NoncurrentVersionTransitions ?? []).filter(to)
  return [
    ...(when ? [`rule ${ID}: files go ${when}`] : []),
    ...(older === undefined ? [] : [`rule ${ID}: what is not on top goes after ${older} days`]),
    ...archived.map(
      one =>
        `rule ${ID}: files go to ${one.StorageClass} ${whenOf(one)}, and no restore reads them there`,
    ),
    ...olderArchived.map(
      one =>
        `rule ${ID}: what is not on top goes to ${one.StorageClass} after ${one.NoncurrentDays} days, and no restore reads it there`,
    ),
  ]
}

/** Nothing is read from there before somebody has asked for it and waited, for hours. */
const ARCHIVES: ReadonlySet<string> = new Set(['GLACIER', 'DEEP_ARCHIVE'])

function whenOf({
  Days,
  Date: at,
}: {
  Days?: number | undefined
  Date?: Date | undefined
} = {}): string | undefined {
  return Days === undefined ? at && `from ${at.toISOString()} on` : `after ${Days} days`
}
