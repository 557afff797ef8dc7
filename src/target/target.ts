/**
 * A place that keeps a repository: a directory or an S3 bucket prefix. Names are
 * slash-separated paths below the target's root, made of [A-Za-z0-9._-].
 *
 * A file is what was written first under its name. Where a place keeps versions (a versioned
 * bucket), whatever else comes under the same name later is not the file, whether it lies on
 * top of it or hides it; `shadowed` finds such.
 *
 * Every implementation passes one contract suite, in test/contract/.
 */
export interface Target {
  /** For messages: "/mnt/backup" or "s3://bucket/prefix". */
  readonly label: string

  /**
   * The lock that every new file gets; null where files are not locked, as in a directory.
   * A target that has one never lets a put succeed without it.
   */
  readonly lock: TargetLock | null

  /**
   * Writes a new file, whole or not at all: a reader sees nothing, or all of it, and when
   * the promise resolves the bytes survive a power cut.
   *
   * @throws EcomdbError STORAGE_FAILED (also when the name is taken: nothing is ever
   *   overwritten), TARGET_UNAVAILABLE; UNSUPPORTED when it could not be locked
   */
  put(name: string, body: readonly Uint8Array[]): Promise<PutReceipt>

  /**
   * The whole file, or a part of it.
   * @returns null when there is no such file
   */
  get(name: string, part?: FilePart): Promise<Buffer | null>

  /**
   * The whole file as the medium has it, past the memory of this machine where the system
   * lets it: to prove that what was written has arrived.
   *
   * @param versionId as in FilePart
   * @returns null when there is no such file
   */
  readBack(
    name: string,
    versionId?: string,
  ): Promise<{ bytes: Buffer; from: 'medium' | 'cache' } | null>

  /** Size in bytes, or null when there is no such file. */
  stat(name: string): Promise<{ sizeBytes: number } | null>

  /** Names that start with `prefix` (a folder with its slash, or ''), in byte order. */
  list(prefix: string): AsyncIterable<{ name: string; sizeBytes: number }>

  /**
   * Removes a file with all that was kept under its name; no error when it is not there. Not
   * used by backups.
   *
   * @throws EcomdbError STORAGE_FAILED, also while a lock holds
   */
  remove(name: string): Promise<void>

  /** Names under which something else came after the file. A directory keeps no versions. */
  shadowed(prefix: string): AsyncIterable<ShadowedFile>

  /**
   * Does it keep what is laid over a file beside it, so that nobody who writes can destroy?
   * @returns null: this account may not ask
   */
  keepsVersions(): Promise<boolean | null>

  /**
   * Rules of the place's own by which it removes files, or puts them where they cannot be read, for people.
   * @returns null: it cannot be asked, or not by this account
   */
  removingRules(): Promise<readonly string[] | null>

  /**
   * Does it refuse bytes that changed on the way? Tried with a wrong checksum; leaves nothing.
   * null: there is no way on which they could change, or the account may not write.
   */
  noticesDamage(name: string): Promise<boolean | null>

  /** Files that were begun and neither finished nor called off, by runs that were killed. */
  leftovers(): AsyncIterable<Leftover>

  /**
   * Can it be written, and how much room is left? Leaves nothing behind.
   *
   * @param triesRemoving ask a service whether this account may remove files, by one that never was
   * @throws EcomdbError TARGET_UNAVAILABLE
   */
  inspect(triesRemoving?: boolean): Promise<TargetFacts>
}

/** What a put has made sure of. */
export interface PutReceipt {
  /** The place's own name of this version; null where it keeps no versions. */
  versionId: string | null
  /** Until when nobody can remove it, as the place itself said after the put. */
  lockedUntil: Date | null
  /** The place had taken the lock with the file and forgotten it; it was set again. */
  lockForgotten?: boolean
}

export interface FilePart {
  /** In bytes; start inclusive, end exclusive. */
  range?: { start: number; end: number }
  /**
   * Where to look first. A copy of the repository has other versions, and a directory has
   * none: then the name alone counts.
   */
  versionId?: string | undefined
}

export interface Leftover {
  /** The name that it was to get, or the one that it has. */
  name: string
  startedAt: Date
}

export interface ShadowedFile {
  name: string
  /** replaced: another content lies on top; hidden: it looks removed, and is not. */
  how: 'replaced' | 'hidden'
}

/** Locks by retention date: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html */
export interface TargetLock {
  /** compliance: nobody can lift it; governance: who has the right to bypass it can. */
  readonly mode: 'governance' | 'compliance'
  /** How long a new file is held. */
  readonly days: number
  /**
   * Holds a file at least until then, and asks whether it is held; never shortens. A lock that is there
   * keeps its mode.
   * @returns until when it is held and how, as the place itself says
   * @throws EcomdbError UNSUPPORTED when it is not; STORAGE_FAILED
   */
  hold(name: string, until: Date, versionId?: string): Promise<HeldFile>
  /** Until when a file is held, and how; null: it is not, or is not there. */
  held(name: string, versionId?: string): Promise<HeldFile | null>
  /** The same, where it does not matter how. */
  heldUntil(name: string, versionId?: string): Promise<Date | null>
}

export interface HeldFile {
  until: Date
  mode: TargetLock['mode']
}

export interface TargetFacts {
  /** Why it cannot be written, or null when it can. */
  refusal: string | null
  /** null where a target has no such limit. */
  space: { freeBytes: number; totalBytes: number } | null
  /**
   * Where the disk of a directory is mounted: '/' for the system's own. null where a target
   * is no directory, or the system does not tell.
   */
  mountPoint: string | null
  /** This account can remove files there, as was tried; missing: it was not tried. */
  canRemove?: boolean
}
