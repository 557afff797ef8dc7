import { EcomdbError } from '#core/errors'
import type { Manifest } from '#domain/backup/manifest'
import {
  isOlder,
  isSameSeries,
  namedCollations,
  needsLibraries,
  otherEndOfTime,
} from '#domain/backup/other-version'
import type { RestoreTarget } from '#engine/logical-writer'

/** Told before anything is made, where the server can be asked: what it lacks of what the source had. */
export function refuseUnknown(
  target: RestoreTarget,
  manifest: Manifest,
  isWanted: (schema: string) => boolean,
): void {
  refuseOtherEndOfTime(target, manifest, isWanted)
  const there = new Set(target.collations)
  // An older server prints the short names of utf8mb3, which all servers take.
  const isThere = (name: string): boolean => there.has(name) || /^utf8(?:_|$)/.test(name)
  const collations = [...namedCollations(manifest, isWanted)].filter(([name]) => !isThere(name))
  const libraries = target.hasLibraries ? [] : needsLibraries(manifest, isWanted)
  const lacks = [
    ...collations.map(([name, label]) => `it does not know ${name}, which ${label} has`),
    ...(libraries.length > 0
      ? [`it has no libraries, and no routines in JavaScript: ${libraries.slice(0, 5).join(', ')}`]
      : []),
  ]
  if (lacks.length === 0) return
  throw new EcomdbError('UNSUPPORTED', {
    what: `cannot restore into this server: ${target.serverVersion} lacks what ${manifest.serverVersion} had`,
    why: lacks.join('; '),
    hints: [
      'restore into a server of the version that was backed up, or of a newer one',
      'or restore databases without it: --databases',
      'nothing was changed',
    ],
  })
}

/**
 * See otherEndOfTime. A drill, too: what it compares has all rows, the past ones as well.
 * @throws EcomdbError UNSUPPORTED
 */
export function refuseOtherEndOfTime(
  target: RestoreTarget,
  manifest: Manifest,
  isWanted: (schema: string) => boolean,
): void {
  const versioned = otherEndOfTime(manifest, target.serverVersion, isWanted)
  if (versioned.length === 0) return
  throw new EcomdbError('UNSUPPORTED', {
    what: `rows of system-versioned tables would all be past ones in this server: ${versioned.slice(0, 5).join(', ')}`,
    why: `time ends in 2106 since MariaDB 11.5 and in 2038 before; this server is ${target.serverVersion}, the one that was backed up ${manifest.serverVersion}`,
    hints: [
      `restore into a server ${isOlder(manifest.serverVersion, '11.5.0') ? 'older than 11.5' : 'of 11.5 or newer'}`,
      'or restore databases without such tables: --databases',
      'nothing was changed',
    ],
  })
}

/** Said before anything is made, where the server is of an older series than the snapshot. */
export function versionNotes(
  { manifest: { serverVersion } }: { manifest: Manifest },
  { target }: { target: RestoreTarget },
): string[] {
  return isOlder(target.serverVersion, serverVersion)
    ? [
        `this server is older (${target.serverVersion}) than the one that was backed up (${serverVersion}): it refuses what only newer ones have`,
      ]
    : []
}

/** In words, of a statement that a server of another series has refused; or null. */
export function otherServer(manifest: Manifest, target: RestoreTarget): string | null {
  const [was, is] = [manifest.serverVersion, target.serverVersion]
  return isSameSeries(was, is)
    ? null
    : `this server is of another version (${is}) than the one that was backed up (${was}), and may lack what that had: then restore into one of that version`
}
