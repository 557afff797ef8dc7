import { GetObjectRetentionCommand, PutObjectRetentionCommand } from '@aws-sdk/client-s3'
import { EcomdbError } from '#core/errors'
import type { HeldFile, TargetLock } from '../target.ts'
import type { S3Requests } from './requests.ts'
import { answerOf, isMissing, translateS3Error } from './s3-error.ts'

/** Services keep whole seconds. */
export const LOCK_TOLERANCE_MS = 1000

export interface RetentionOptions {
  bucket: string
  /** The key of a name. */
  keyOf(name: string): string
  /** The version of a name that is the file; undefined: there is none. */
  versionOf(name: string): Promise<string | undefined>
  mode: 'governance' | 'compliance'
  days: number
}

/**
 * Object locks, that are asked for and then asked about: some services (Ceph 16 and 18) take the
 * lock of a multipart upload and forget it.
 */
export class RetentionLock implements TargetLock {
  readonly mode: 'governance' | 'compliance'
  readonly days: number
  readonly #requests: S3Requests
  readonly #options: RetentionOptions

  constructor(requests: S3Requests, options: RetentionOptions) {
    this.#requests = requests
    this.#options = options
    this.mode = options.mode
    this.days = options.days
  }

  async hold(name: string, until: Date, versionId?: string): Promise<HeldFile> {
    return await this.ensure(name, until, versionId)
  }

  /**
   * As `hold`; `wasSet`: it was not held long enough before. A lock that is there keeps its mode: it
   * must not become weaker, and services let nobody change it who has no right to bypass it.
   */
  async ensure(name: string, until: Date, known?: string): Promise<HeldFile & { wasSet: boolean }> {
    const { versionId, held: before } = await this.#find(name, known)
    if (before && isHeld(before.until, until)) return { ...before, wasSet: false }
    const what = `cannot lock ${name} in ${this.#requests.label}`
    const mode = before?.mode ?? this.mode
    await this.#requests.run(what, 0, (client, abortSignal) =>
      client.send(
        new PutObjectRetentionCommand({
          ...this.#version(name, versionId),
          Retention: {
            Mode: mode === 'compliance' ? 'COMPLIANCE' : 'GOVERNANCE',
            RetainUntilDate: until,
          },
        }),
        { abortSignal },
      ),
    )
    const after = await this.#heldVersion(name, versionId)
    if (after && isHeld(after.until, until)) return { ...after, wasSet: true }
    throw new EcomdbError('UNSUPPORTED', {
      what,
      why: `it was asked to hold it until ${until.toISOString()}, and says ${after?.until.toISOString() ?? 'that it is not held'}`,
      hints: ['`ecomdb target check` finds out what this bucket can promise'],
    })
  }

  async held(name: string, known?: string): Promise<HeldFile | null> {
    return (await this.#find(name, known)).held
  }

  async heldUntil(name: string, known?: string): Promise<Date | null> {
    return (await this.held(name, known))?.until ?? null
  }

  /** A copy in another bucket has versions of its own, which no envelope knows: then the name counts. */
  async #find(
    name: string,
    known: string | undefined,
  ): Promise<{ versionId: string | undefined; held: HeldFile | null }> {
    if (known !== undefined) {
      try {
        return { versionId: known, held: await this.#ask(name, known) }
      } catch (error) {
        if (!isMissing(error) && answerOf(error).status !== 400) throw this.#translated(name, error)
      }
    }
    const versionId = await this.#options.versionOf(name)
    if (versionId === undefined) return { versionId, held: null }
    return { versionId, held: await this.#heldVersion(name, versionId) }
  }

  async #heldVersion(name: string, versionId: string | undefined): Promise<HeldFile | null> {
    return await this.#ask(name, versionId).catch(error => {
      throw this.#translated(name, error)
    })
  }

  #translated(name: string, error: unknown): unknown {
    return translateS3Error(error, `cannot ask for the lock of ${name}`, this.#requests.label)
  }

  /**
   * By GetObjectRetention: the backup credential may not read objects, nor their heads.
   * @throws the SDK's error
   */
  async #ask(name: string, versionId: string | undefined): Promise<HeldFile | null> {
    try {
      const { Retention } = await this.#requests.runRaw(0, (client, abortSignal) =>
        client.send(new GetObjectRetentionCommand(this.#version(name, versionId)), { abortSignal }),
      )
      const { RetainUntilDate: until, Mode } = Retention ?? {}
      if (!until) return null
      return { until, mode: Mode === 'COMPLIANCE' ? 'compliance' : 'governance' }
    } catch (error) {
      // Ceph calls a version without a lock a missing configuration, as Amazon does a bucket.
      if (NOT_LOCKED.has(answerOf(error).name)) return null
      throw error
    }
  }

  #version(name: string, versionId: string | undefined) {
    return {
      Bucket: this.#options.bucket,
      Key: this.#options.keyOf(name),
      ...(versionId === undefined ? {} : { VersionId: versionId }),
    }
  }
}

const NOT_LOCKED = new Set([
  'ObjectLockConfigurationNotFoundError',
  'NoSuchObjectLockConfiguration',
])

function isHeld(held: Date, until: Date): boolean {
  return held.getTime() >= until.getTime() - LOCK_TOLERANCE_MS
}
