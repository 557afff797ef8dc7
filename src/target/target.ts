/**
 * A place that keeps a repository: a directory or an S3 bucket prefix. Names are
 * slash-separated paths below the target's root, made of [A-Za-z0-9._-].
 *
 * Every implementation passes one contract suite, in test/contract/.
 */
export interface Target {
  /** For messages: "/mnt/backup" or "s3://bucket/prefix". */
  readonly label: string

  /**
   * Writes a new file, whole or not at all: a reader sees nothing, or all of it, and when
   * the promise resolves the bytes survive a power cut.
   *
   * @throws EcomdbError STORAGE_FAILED (also when the name is taken: nothing is ever
   *   overwritten), TARGET_UNAVAILABLE
   */
  put(name: string, body: readonly Uint8Array[]): Promise<void>

  /**
   * The whole file, or `range` of it (start inclusive, end exclusive, in bytes).
   * @returns null when there is no such file
   */
  get(name: string, range?: { start: number; end: number }): Promise<Buffer | null>

  /**
   * The whole file as the medium has it, past the memory of this machine where the system
   * lets it: to prove that what was written has arrived.
   * @returns null when there is no such file
   */
  readBack(name: string): Promise<{ bytes: Buffer; from: 'medium' | 'cache' } | null>

  /** Size in bytes, or null when there is no such file. */
  stat(name: string): Promise<{ sizeBytes: number } | null>

  /** Names that start with `prefix` (a folder with its slash, or ''), in byte order. */
  list(prefix: string): AsyncIterable<{ name: string; sizeBytes: number }>

  /** Removes a file; no error when it is not there. Not used by backups. */
  remove(name: string): Promise<void>

  /**
   * Can it be written, and how much room is left? Leaves nothing behind.
   * @throws EcomdbError TARGET_UNAVAILABLE
   */
  inspect(): Promise<TargetFacts>
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
}
