import { EcomdbError } from '#core/errors'
import { isOlder, isSameSeries, OLDER_PATCH, startsOnFilesOf } from '#domain/backup/other-version'
import type { EngineFamily } from '#domain/engine-family'
import type { DrillResult } from './drilled-snapshot.ts'

/** Which server was backed up, and which one is on this host. */
export interface Versions {
  engine: EngineFamily
  sourceVersion: string
  /** Of the server's program, or of the private server. */
  scratchVersion: string
}

/** What is compared byte for byte, and what files are: it does not depend on who reads it. */
const OF_BYTES = new Set(['signature', 'blocks', 'pages', 'rows', 'content', 'counters'])

/**
 * A server of another series lacks ways in, types and statements, prints definitions otherwise, and does
 * not start on every other's files: what fails on it says nothing of the snapshot.
 *
 * @throws EcomdbError UNSUPPORTED: no drill took place
 */
export function refuseBlame({ checks, damaged }: DrillResult, versions: Versions): void {
  const failed = checks.filter(({ outcome }) => outcome === 'failed')
  if (failed.length === 0 || damaged.length > 0) return
  if (isSameSeries(versions.sourceVersion, versions.scratchVersion)) return
  if (failed.some(({ name }) => OF_BYTES.has(name))) return
  throw ofOtherVersion(
    versions,
    failed.flatMap(({ name, differences }) => [`${name}: ${differences.join('; ')}`]).join('; '),
  )
}

/**
 * No server or program reads the files of a newer series, nor some those of a newer patch release.
 * @throws EcomdbError UNSUPPORTED
 */
export function refuseNewerFiles(versions: Versions): void {
  const { sourceVersion, scratchVersion } = versions
  if (!startsOnFilesOf(scratchVersion, sourceVersion)) throw ofOtherVersion(versions, OLDER_PATCH)
  if (!isOlder(scratchVersion, sourceVersion)) return
  throw ofOtherVersion(versions, 'a server does not read the files of a newer one')
}

/** A server's program that does not even tell its version: it has looked at no file of the snapshot. */
export function doesNotRun(error: unknown): unknown {
  if (!(error instanceof EcomdbError) || error.code !== 'TOOL_FAILED') return error
  return new EcomdbError('TOOL_MISSING', {
    what: "the server's program does not run here: the snapshot is neither proved nor found bad",
    why: error.message,
    hints: [
      '`ecomdb doctor` says where it looks for programs; bin/setup unpacks them without root',
    ],
    cause: error,
  })
}

function ofOtherVersion(
  { engine, sourceVersion, scratchVersion }: Versions,
  why: string,
): EcomdbError {
  return new EcomdbError('UNSUPPORTED', {
    what: `${engine} ${scratchVersion} is installed here, and the snapshot is of ${sourceVersion}: it is neither proved nor found bad`,
    why,
    hints: [
      `drill where ${engine} ${sourceVersion.split('-')[0]} is installed, or name the folder of its programs in ECOMDB_${engine.toUpperCase()}_BASEDIR`,
    ],
  })
}
