import { parseDocument, stringify } from 'yaml'
import { EcomdbError } from '#core/errors'
import { placeKey, placeLabel, type TargetPlace } from '#domain/target-place'
import { saidOtherwise, writtenS3 } from './config-text.ts'
import { parseConfig } from './parse-config.ts'
import { writtenPlace } from './target-location.ts'

/**
 * The text of an ecomdb.yaml with a target in it, everything else as it was, comments too.
 *
 * @param name null: the repository's own place; else a copy of this name
 * @returns null when it says so already
 * @throws EcomdbError CONFIG_INVALID: the file is wrong, or would be; USAGE: it names another
 *   target, or a copy of this name
 */
export function withTarget(
  text: string,
  place: TargetPlace,
  name: string | null,
  file: { path: string; folder: string },
): { text: string; lines: string } | null {
  const config = parseConfig(text, file.path)
  const written = { ...(place.s3 ? { s3: writtenS3(place.s3) } : { directory: place.directory }) }
  if (name === null) {
    const known = writtenPlace(config.target ?? {}, file.folder)
    if (known && placeKey(known) === placeKey(place)) {
      const otherwise = saidOtherwise(place, known)
      if (otherwise.length === 0) return null
      throw setOtherwise(file.path, place, otherwise)
    }
    const at = known?.s3?.endpoint ? ` at ${known.s3.endpoint}` : ''
    if (known) throw taken(file.path, 'target', `${placeLabel(known)}${at}`)
  } else if (config.copies?.some(copy => copy.name === name)) {
    throw taken(file.path, `copy ${name}`, name)
  }
  const added: Added = name === null ? { target: written } : { copies: [{ name, ...written }] }
  const changed = merged(text, added)
  parseConfig(changed, file.path)
  return { text: changed, lines: stringify(added) }
}

/** For `ecomdb target add` and `ecomdb init`: what was asked for is not what holds. */
export function setOtherwise(
  path: string,
  place: TargetPlace,
  otherwise: readonly string[],
): EcomdbError {
  return new EcomdbError('USAGE', {
    what: `${path} names ${placeLabel(place)} already, with other settings`,
    why: `${otherwise.join('; ')}; a configuration is added to, and never overwritten`,
    hints: ['edit target.s3 in ecomdb.yaml: docs/configuration.md', 'or leave out what differs'],
  })
}

type Added =
  | { target: Record<string, unknown>; copies?: undefined }
  | { copies: [Record<string, unknown>]; target?: undefined }

/**
 * A section that is not there yet goes to the end, and no byte before it changes; in one that is
 * there, comments stay, and the layout may change.
 */
function merged(text: string, added: Added): string {
  const document = parseDocument(text)
  const section = added.target ? 'target' : 'copies'
  if (!document.has(section)) {
    return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${stringify(added)}`
  }
  if (added.target) {
    for (const [key, value] of Object.entries(added.target)) document.setIn(['target', key], value)
  } else document.addIn(['copies'], added.copies[0])
  return document.toString({ lineWidth: 0 })
}

function taken(path: string, what: string, label: string): EcomdbError {
  return new EcomdbError('USAGE', {
    what: `${path} names a ${what} already`,
    why: `it is ${label}; a configuration is added to, and never overwritten`,
    hints: ['edit it by hand, or give the new one a name: --name NAME makes it a copy'],
  })
}
