import { DeleteObjectCommand } from '@aws-sdk/client-s3'
import { EcomdbError, type ErrorCode } from '#core/errors'
import type { S3Requests } from './requests.ts'
import { isDenied, translateS3Error } from './s3-error.ts'

const OF_TARGET: ReadonlySet<ErrorCode> = new Set(['TARGET_UNAVAILABLE', 'AUTHENTICATION_REFUSED'])

/** No file of a repository is called so, and none ever lay there. */
const NEVER_THERE = 'ecomdb-probe/never-there'

/**
 * May this account remove files? Asked by removing one that never was, which takes the same right. Where the bucket
 * keeps versions a removal for good is asked about first, of the version "null", which leaves nothing; only
 * whoever may not do that, and may hide, leaves a delete marker over nothing.
 *
 * @param prefix of all keys, with its slash; '' for the whole bucket
 * @returns null: the service has answered otherwise, and it is not known
 * @throws EcomdbError TARGET_UNAVAILABLE, AUTHENTICATION_REFUSED
 */
export async function mayRemove(
  requests: S3Requests,
  bucket: string,
  prefix: string,
  keepsVersions: boolean,
): Promise<boolean | null> {
  const object = { Bucket: bucket, Key: `${prefix}${NEVER_THERE}` }
  const isGiven = async (version: { VersionId?: string }): Promise<boolean | null> => {
    try {
      const command = new DeleteObjectCommand({ ...object, ...version })
      await requests.runRaw(0, (client, abortSignal) => client.send(command, { abortSignal }))
      return true
    } catch (error) {
      if (isDenied(error)) return false
      const translated = translateS3Error(error, 'cannot try to remove a file', requests.label)
      const isOfTarget = translated instanceof EcomdbError && OF_TARGET.has(translated.code)
      if (isOfTarget) throw translated
      return null
    }
  }
  const [first, second] = keepsVersions ? [{ VersionId: 'null' }, {}] : [{}, null]
  const given = await isGiven(first)
  if (given === true || second === null) return given
  return (await isGiven(second)) === true ? true : given
}
