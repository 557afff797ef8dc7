import { createHash } from 'node:crypto'
import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import type { Clock } from '#core/clock'
import { messageOf } from '#core/errors'
import type { S3Place } from '#domain/target-place'
import { checkName, checkPrefix, isName, nameTaken } from '../name.ts'
import type {
  FilePart,
  Leftover,
  PutReceipt,
  ShadowedFile,
  Target,
  TargetFacts,
} from '../target.ts'
import { removingRules } from './bucket-rules.ts'
import { mayRemove } from './may-remove.ts'
import { checkPage } from './not-from-service.ts'
import { readWhole } from './read-body.ts'
import type { S3Requests } from './requests.ts'
import { RetentionLock } from './retention.ts'
import {
  answerOf,
  isDenied,
  isMissing,
  isTaken,
  lost,
  noLocks,
  takenBy,
  translateS3Error,
  weaker,
} from './s3-error.ts'
import { type Uploaded, type UploadOptions, upload } from './upload.ts'
import { bareEtag, type KeptVersion, keptVersions } from './versions.ts'

const DAY_MS = 24 * 60 * 60 * 1000

/** What a bucket says of its versions when it keeps none of what is put now. */
const NO_MORE: ReadonlySet<string> = new Set(['none', 'Suspended'])
const NOT_TOLD = 'not told'

export interface S3TargetOptions {
  place: S3Place
  clock: Clock
  partBytes: number
}

/**
 * A part of a bucket as a target. In a bucket that keeps versions the first version of a name
 * is the file: whoever may write can lay another one on top, or a delete marker, and cannot
 * take the first one away.
 */
export class S3Target implements Target {
  readonly label: string
  readonly lock: RetentionLock | null
  readonly #requests: S3Requests
  readonly #place: S3Place
  readonly #clock: Clock
  readonly #partBytes: number
  #versioned: Promise<string> | undefined

  constructor(requests: S3Requests, { place, clock, partBytes }: S3TargetOptions) {
    this.label = requests.label
    this.#requests = requests
    this.#place = place
    this.#clock = clock
    this.#partBytes = partBytes
    const versionOf = async (name: string) => (await this.#versionsOf(name))[0]?.versionId
    const keyOf = (name: string): string => this.#key(name)
    this.lock = place.objectLock
      ? new RetentionLock(requests, { bucket: place.bucket, keyOf, versionOf, ...place.objectLock })
      : null
  }

  async put(name: string, body: readonly Uint8Array[]): Promise<PutReceipt> {
    checkName(name)
    const versioned = await this.#keepsVersions()
    // Not every service looks at If-None-Match; versions are compared afterwards.
    if (!versioned && (await this.stat(name))) throw nameTaken(this.label, name)
    const until = this.#lockDate()
    const sent = await this.#upload(name, body, until)
    const versionId = versioned
      ? await this.#checkFirst(name, sent)
      : await this.#checkOurs(name, sent)
    if (!this.lock || !until) return { versionId, lockedUntil: null }
    const held = await this.lock.ensure(name, until, versionId ?? undefined)
    if (held.mode !== this.lock.mode && this.lock.mode === 'compliance')
      throw weaker(this.label, name)
    return { versionId, lockedUntil: held.until, lockForgotten: held.wasSet }
  }

  async get(name: string, { range, versionId }: FilePart = {}): Promise<Buffer | null> {
    checkName(name)
    if (range && range.end <= range.start) return (await this.stat(name)) ? Buffer.alloc(0) : null
    if (versionId !== undefined) {
      // The id of another place's version is no id here.
      const hinted = await this.#read(name, range, versionId, status => status === 400)
      if (hinted) return hinted
    }
    if (!(await this.#keepsVersions())) return await this.#read(name, range)
    const [first] = await this.#versionsOf(name)
    return first ? await this.#read(name, range, first.versionId) : null
  }

  /** A service has no cache of this machine: what it answers is what it keeps. */
  async readBack(
    name: string,
    versionId?: string,
  ): Promise<{ bytes: Buffer; from: 'medium' } | null> {
    const bytes = await this.get(name, { versionId })
    return bytes ? { bytes, from: 'medium' } : null
  }

  async stat(name: string): Promise<{ sizeBytes: number } | null> {
    checkName(name)
    const found = (await this.#keepsVersions())
      ? (await this.#versionsOf(name))[0]
      : await this.#listed(name)
    return found ? { sizeBytes: found.sizeBytes } : null
  }

  async *list(prefix: string): AsyncIterable<{ name: string; sizeBytes: number }> {
    checkPrefix(prefix)
    const files = (await this.#keepsVersions())
      ? this.#firstVersions(prefix)
      : this.#objects(prefix)
    for await (const { key, sizeBytes } of files) {
      const name = key.slice(this.#key('').length)
      if (isName(name)) yield { name, sizeBytes }
    }
  }

  async remove(name: string): Promise<void> {
    checkName(name)
    const what = `cannot remove ${name} from ${this.label}`
    if (!(await this.#keepsVersions())) return await this.#delete(what, name)
    for await (const { key, versions, markers } of this.#kept(name)) {
      if (key !== this.#key(name)) return
      // Newest first, so that what lies on top never becomes the file.
      for (const { versionId } of [...versions].reverse()) await this.#delete(what, name, versionId)
      for (const marker of markers) await this.#delete(what, name, marker)
    }
  }

  async *shadowed(prefix: string): AsyncIterable<ShadowedFile> {
    checkPrefix(prefix)
    if (!(await this.#keepsVersions())) return
    for await (const { key, versions, hidden } of this.#kept(prefix)) {
      const name = key.slice(this.#key('').length)
      const [first, ...later] = versions
      if (!first || !isName(name)) continue
      // A put whose answer was lost, and that was repeated, leaves the same bytes twice.
      const replaced = later.some(
        ({ etag, sizeBytes }) => etag !== first.etag || sizeBytes !== first.sizeBytes,
      )
      if (hidden || replaced) yield { name, how: hidden ? 'hidden' : 'replaced' }
    }
  }

  /** Suspended it keeps those of before, and each new file takes the place of the one before it. */
  async keepsVersions(): Promise<boolean | null> {
    const status = await this.#versioning()
    return status === NOT_TOLD ? null : !NO_MORE.has(status)
  }

  async removingRules(): Promise<readonly string[] | null> {
    return await removingRules(this.#requests, this.#place.bucket, this.#key(''))
  }

  async noticesDamage(name: string): Promise<boolean | null> {
    checkName(name)
    const object = { Bucket: this.#place.bucket, Key: this.#key(name) }
    const wrong = createHash('md5').update('another body').digest('base64')
    const put = new PutObjectCommand({ ...object, Body: Buffer.from('a body'), ContentMD5: wrong })
    try {
      // Not tried again: being refused is what is hoped for.
      await this.#requests.once(async (client, abortSignal) => client.send(put, { abortSignal }))
    } catch (error) {
      if (answerOf(error).status === 400) return true
      if (isDenied(error)) return null
      throw translateS3Error(error, `cannot write ${name} to ${this.label}`, this.label)
    }
    await this.remove(name)
    return false
  }

  async *leftovers(): AsyncIterable<Leftover> {
    const place = { Bucket: this.#place.bucket, Prefix: this.#key('') }
    let markers = {}
    for (;;) {
      const list = new ListMultipartUploadsCommand({ ...place, ...markers })
      const page = await this.#requests.run('cannot list uploads', 0, async (client, signal) => {
        const answer = await client.send(list, { abortSignal: signal })
        checkPage(answer, answer.NextKeyMarker)
        return answer
      })
      for (const { Key = '', Initiated } of page.Uploads ?? []) {
        yield { name: Key.slice(this.#key('').length), startedAt: Initiated ?? new Date(0) }
      }
      if (!page.IsTruncated) return
      markers = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker }
    }
  }

  /** An upload that is begun and called off shows the right to write, and leaves nothing. */
  async inspect(triesRemoving = false): Promise<TargetFacts> {
    await this.#listed('inspect')
    const object = { Bucket: this.#place.bucket, Key: this.#key('inspect') }
    try {
      await this.#requests.run('cannot begin an upload', 0, async (client, abortSignal) => {
        const begun = new CreateMultipartUploadCommand(object)
        const { UploadId } = await client.send(begun, { abortSignal })
        await client.send(new AbortMultipartUploadCommand({ ...object, UploadId }), { abortSignal })
      })
      const versions = await this.#keepsVersions()
      const canRemove = triesRemoving
        ? await mayRemove(this.#requests, this.#place.bucket, this.#key(''), versions)
        : null
      const facts = { refusal: null, space: null, mountPoint: null }
      return canRemove === null ? facts : { ...facts, canRemove }
    } catch (error) {
      return { refusal: messageOf(error), space: null, mountPoint: null }
    }
  }

  #key(name: string): string {
    return this.#place.prefix ? `${this.#place.prefix}/${name}` : name
  }

  #lockDate(): Date | null {
    if (!this.lock) return null
    const ms = this.#clock.now().getTime() + this.lock.days * DAY_MS
    return new Date(Math.ceil(ms / 1000) * 1000)
  }

  async #upload(name: string, body: readonly Uint8Array[], until: Date | null): Promise<Uploaded> {
    const { bucket, bucketOwnerFullControl } = this.#place
    const options: UploadOptions = {
      partBytes: this.#partBytes,
      members: () => ({
        ...(bucketOwnerFullControl ? { ACL: 'bucket-owner-full-control' as const } : {}),
        ...(this.lock && until
          ? {
              ObjectLockMode: this.lock.mode === 'compliance' ? 'COMPLIANCE' : 'GOVERNANCE',
              ObjectLockRetainUntilDate: until,
            }
          : {}),
      }),
    }
    try {
      return await upload(this.#requests, { Bucket: bucket, Key: this.#key(name) }, body, options)
    } catch (error) {
      if (isTaken(error)) throw nameTaken(this.label, name, error)
      if (this.lock && answerOf(error).name === 'InvalidRequest') throw noLocks(this.label, error)
      throw translateS3Error(error, `cannot write ${name} to ${this.label}`, this.label)
    }
  }

  /**
   * The version that is the file: is what was sent the first one of its name? Ceph 16 does not look at If-None-Match
   * in a bucket with locks.
   */
  async #checkFirst(name: string, sent: Uploaded): Promise<string> {
    const [first] = await this.#versionsOf(name)
    if (!first) throw lost(this.label, name)
    if (first.versionId === sent.versionId) return first.versionId
    if (sent.versionId !== undefined) {
      await this.#delete('', name, sent.versionId).catch(() => {})
    }
    // The first of our own tries, whose answer was lost.
    if (first.etag === sent.etag) return first.versionId
    throw takenBy(this.label, name, first, sent)
  }

  async #checkOurs(name: string, sent: Uploaded): Promise<null> {
    const there = sent.uncertain ? await this.#listed(name) : sent
    if (there?.etag !== sent.etag) throw takenBy(this.label, name, there, sent)
    return null
  }

  /** Suspended: there may be versions of before. */
  async #keepsVersions(): Promise<boolean> {
    return (await this.#versioning()) !== 'none'
  }

  /** Asked once. Who may not ask has to look at versions each time, which is right everywhere. */
  #versioning(): Promise<string> {
    this.#versioned ??= this.#requests
      .runRaw(0, (client, abortSignal) =>
        client.send(new GetBucketVersioningCommand({ Bucket: this.#place.bucket }), {
          abortSignal,
        }),
      )
      .then(
        ({ Status = 'none' }) => Status,
        error => {
          if (isDenied(error) && answerOf(error).name === 'AccessDenied') return NOT_TOLD
          this.#versioned = undefined
          throw translateS3Error(error, `cannot look at ${this.label}`, this.label)
        },
      )
    return this.#versioned
  }

  #kept(prefix: string) {
    return keptVersions(this.#requests, this.#place.bucket, this.#key(prefix))
  }

  /** Oldest first. */
  async #versionsOf(name: string): Promise<readonly KeptVersion[]> {
    for await (const { key, versions } of this.#kept(name)) {
      return key === this.#key(name) ? versions : []
    }
    return []
  }

  async *#firstVersions(prefix: string): AsyncIterable<{ key: string; sizeBytes: number }> {
    for await (const { key, versions } of this.#kept(prefix)) {
      const [first] = versions
      if (first) yield { key, sizeBytes: first.sizeBytes }
    }
  }

  async *#objects(
    prefix: string,
    pageSize = 1000,
  ): AsyncIterable<{ key: string; sizeBytes: number; etag: string }> {
    let token: string | undefined
    do {
      const page = await this.#requests.run(
        `cannot list ${prefix || '/'} in ${this.label}`,
        0,
        async (client, abortSignal) => {
          const list = new ListObjectsV2Command({
            Bucket: this.#place.bucket,
            Prefix: this.#key(prefix),
            MaxKeys: pageSize,
            ContinuationToken: token,
          })
          const answer = await client.send(list, { abortSignal })
          checkPage(answer, answer.NextContinuationToken)
          return answer
        },
      )
      for (const { Key = '', Size = 0, ETag } of page.Contents ?? []) {
        yield { key: Key, sizeBytes: Size, etag: bareEtag(ETag) }
      }
      token = page.IsTruncated ? page.NextContinuationToken : undefined
    } while (token !== undefined)
  }

  /** One object by listing it: who may not read objects may still see that they are there. */
  async #listed(name: string): Promise<{ sizeBytes: number; etag: string } | null> {
    for await (const found of this.#objects(name, 1)) {
      return found.key === this.#key(name) ? found : null
    }
    return null
  }

  /** @param isNone other answers than 404 that say that there is no such file */
  async #read(
    name: string,
    range: FilePart['range'],
    versionId?: string,
    isNone = (_status: number | undefined): boolean => false,
  ): Promise<Buffer | null> {
    const input = {
      Bucket: this.#place.bucket,
      Key: this.#key(name),
      ...(range ? { Range: `bytes=${range.start}-${range.end - 1}` } : {}),
      ...(versionId === undefined ? {} : { VersionId: versionId }),
    }
    try {
      return await this.#requests.runRaw(range ? range.end - range.start : 0, (client, signal) =>
        readWhole(client.send(new GetObjectCommand(input), { abortSignal: signal }), signal),
      )
    } catch (error) {
      const { name: answer, status } = answerOf(error)
      if (isMissing(error) || isNone(status)) return null
      if (answer === 'InvalidRange' || status === 416) return Buffer.alloc(0)
      throw translateS3Error(error, `cannot read ${name} from ${this.label}`, this.label)
    }
  }

  async #delete(what: string, name: string, versionId?: string): Promise<void> {
    const input = { Bucket: this.#place.bucket, Key: this.#key(name) }
    await this.#requests.run(what, 0, async (client, abortSignal) => {
      const version = versionId === undefined ? {} : { VersionId: versionId }
      await client.send(new DeleteObjectCommand({ ...input, ...version }), { abortSignal })
    })
  }
}
