/** What `ecomdb target check` tried, in the order in which it is told. */
export const PROMISES = {
  writes: 'files can be written',
  'writes-large': 'large files can be written, in parts',
  lists: 'files are listed, with their sizes',
  reads: 'files come back as they were written, in whole and in part',
  'refuses-overwrite': 'a name that is taken is refused',
  'one-wins': 'of many that write one name at once, one wins',
  'keeps-versions': 'what is laid over a file destroys nothing',
  lasts: 'no rule of the place takes files away',
  'notices-damage': 'bytes that change on the way are refused',
  locks: 'a file of one request is locked',
  'locks-large': 'a file of several parts is locked',
  'lock-holds': 'a locked file cannot be removed',
  'reads-objects': 'objects (encrypted rows) can be read',
  removes: 'files can be removed',
} as const

export type PromiseName = keyof typeof PROMISES

/** What came of a try. */
export interface Tried {
  promise: PromiseName
  /** null: it could not be tried, and the detail says why. */
  kept: boolean | null
  detail: string
}

/** What decides whether a promise is needed. */
export interface TargetContext {
  runsOn: 'all' | 'database' | 'vault' | 'drill'
  kind: 'directory' | 's3'
  /** Locks are asked for in the configuration. */
  locks: boolean
}

export interface JudgedPromise extends Tried {
  says: string
  /** What is wrong with it, for this host and configuration; null: nothing. */
  finding: string | null
}

/**
 * Which of what came out is wrong here. The host with the database must not be able to read
 * rows or to destroy; the vault must be able to expire.
 */
export function judgePromises(tried: readonly Tried[], context: TargetContext): JudgedPromise[] {
  return tried.map(one => ({
    ...one,
    says: PROMISES[one.promise],
    finding: findingOf(one, context),
  }))
}

function findingOf({ promise, kept }: Tried, context: TargetContext): string | null {
  const { runsOn, kind, locks } = context
  const onDatabase = runsOn === 'database'
  switch (promise) {
    case 'writes':
    case 'writes-large':
    case 'lists':
    case 'refuses-overwrite':
    case 'one-wins':
      return kept === true ? null : 'no repository can be kept here'
    case 'reads':
      return kept === false ? 'what was written does not come back' : null
    case 'keeps-versions':
      return kept === true || kind === 'directory'
        ? null
        : 'whoever may write can destroy backups: turn versions on'
    case 'lasts':
      return kept === false ? 'the place takes backups away by itself, and asks nobody' : null
    case 'notices-damage':
      return kept === false ? 'damage on the way is found by verify only' : null
    case 'locks':
    case 'locks-large':
    case 'lock-holds':
      return !locks || kept === true ? null : 'locks are configured, and do not hold'
    case 'reads-objects':
      if (onDatabase) return kept === false ? null : 'a database host should not read old rows'
      return kept === false ? 'nothing could be verified or restored with this credential' : null
    case 'removes':
      if (onDatabase && kind === 's3') {
        return kept === false ? null : 'a database host should not be able to delete backups'
      }
      return runsOn === 'vault' && kept === false ? 'this host could not expire anything' : null
  }
}
