import { createHash } from 'node:crypto'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { checkEtag, notFromService } from './not-from-service.ts'
import type { S3Requests } from './requests.ts'
import { answerOf, isTaken } from './s3-error.ts'
import { bareEtag } from './versions.ts'

export interface UploadOptions {
  /** Bodies up to this size go in one request; longer ones in parts of it, at least 5 MiB. */
  partBytes: number
  /** Members that every new object gets: lock, owner. */
  members(): {
    ACL?: 'bucket-owner-full-control'
    ObjectLockMode?: 'GOVERNANCE' | 'COMPLIANCE'
    ObjectLockRetainUntilDate?: Date
  }
}

/** What came of an upload. */
export interface Uploaded {
  /** undefined: the bucket keeps no versions, or does not say. */
  versionId: string | undefined
  /** What the service should show for these bytes, where it does not encrypt with own keys. */
  etag: string
  sizeBytes: number
  /** The answer to a try was lost, and a later one found the name taken: by us, or by others. */
  uncertain: boolean
}

/** More parts are refused by every service. */
const MOST_PARTS = 10_000
const PARTS_AT_ONCE = 3

/**
 * Uploads a whole object. Content-MD5 goes with every body: the one checksum that old services
 * compare too, and the one that a lock wants.
 *
 * @throws the SDK's error; PreconditionFailed when the name is taken, where the service looks
 */
export async function upload(
  requests: S3Requests,
  object: { Bucket: string; Key: string },
  body: readonly Uint8Array[],
  options: UploadOptions,
): Promise<Uploaded> {
  const size = body.reduce((sum, { byteLength }) => sum + byteLength, 0)
  if (size > options.partBytes) return await uploadParts(requests, object, body, size, options)
  const [only, ...more] = body
  const bytes = only && more.length === 0 ? only : Buffer.concat(body)
  const md5 = createHash('md5').update(bytes).digest()
  const answer = await requests.runRaw(size, (client, abortSignal, attempt) =>
    unlessDoneBefore(
      attempt,
      client.send(
        new PutObjectCommand({
          ...object,
          ...options.members(),
          Body: bytes,
          ContentMD5: md5.toString('base64'),
          IfNoneMatch: '*',
        }),
        { abortSignal },
      ),
    ),
  )
  const sent = { etag: md5.toString('hex'), sizeBytes: size }
  return { versionId: answer?.VersionId, ...sent, uncertain: answer === null }
}

/** @returns null where a try before this one may have been carried out, its answer lost */
async function unlessDoneBefore<T extends { ETag?: string | undefined }>(
  attempt: number,
  answer: Promise<T>,
): Promise<T | null> {
  try {
    const answered = await answer
    checkEtag(answered)
    return answered
  } catch (error) {
    if (attempt > 1 && (isTaken(error) || answerOf(error).name === 'NoSuchUpload')) return null
    throw error
  }
}

async function uploadParts(
  requests: S3Requests,
  object: { Bucket: string; Key: string },
  body: readonly Uint8Array[],
  size: number,
  { partBytes, members }: UploadOptions,
): Promise<Uploaded> {
  const { UploadId } = await requests.runRaw(0, async (client, abortSignal) => {
    const begin = new CreateMultipartUploadCommand({ ...object, ...members() })
    const answer = await client.send(begin, { abortSignal })
    // A part without one would be taken for the whole object.
    if (!answer.UploadId) throw notFromService('it names no upload')
    return answer
  })
  const upload = { ...object, UploadId }
  try {
    const parts = await sendParts(requests, upload, cut(body, size, partBytes))
    const answer = await requests.runRaw(0, (client, abortSignal, attempt) =>
      unlessDoneBefore(
        attempt,
        client.send(
          new CompleteMultipartUploadCommand({
            ...upload,
            IfNoneMatch: '*',
            MultipartUpload: {
              Parts: parts.map(({ etag }, at) => ({ ETag: etag, PartNumber: at + 1 })),
            },
          }),
          { abortSignal },
        ),
      ),
    )
    const all = createHash('md5')
    for (const { md5 } of parts) all.update(md5)
    const etag = `${all.digest('hex')}-${parts.length}`
    return { versionId: answer?.VersionId, etag, sizeBytes: size, uncertain: answer === null }
  } catch (error) {
    // Best effort: what stays is found by `ecomdb target status`.
    await requests
      .runRaw(0, (client, abortSignal) =>
        client.send(new AbortMultipartUploadCommand(upload), { abortSignal }),
      )
      .catch(() => {})
    throw error
  }
}

interface SentPart {
  etag: string
  md5: Buffer
}

async function sendParts(
  requests: S3Requests,
  upload: { Bucket: string; Key: string; UploadId: string | undefined },
  parts: readonly Buffer[],
): Promise<SentPart[]> {
  const sent: SentPart[] = []
  const waiting = [...parts.entries()]
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [at, Body] = next
      const md5 = createHash('md5').update(Body).digest()
      const { ETag } = await requests.runRaw(Body.length, async (client, abortSignal) => {
        const part = new UploadPartCommand({
          ...{ ...upload, PartNumber: at + 1, Body },
          ContentMD5: md5.toString('base64'),
        })
        const answer = await client.send(part, { abortSignal })
        checkEtag(answer)
        return answer
      })
      sent[at] = { etag: bareEtag(ETag), md5 }
    }
  }
  const outcomes = await Promise.allSettled(Array.from({ length: PARTS_AT_ONCE }, worker))
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  return sent
}

/** The body in pieces of one length, the last one shorter. */
function cut(body: readonly Uint8Array[], size: number, partBytes: number): Buffer[] {
  const length = Math.max(partBytes, Math.ceil(size / MOST_PARTS))
  const whole = Buffer.concat(body, size)
  return Array.from({ length: Math.ceil(size / length) }, (_, at) =>
    whole.subarray(at * length, (at + 1) * length),
  )
}
