import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { EcomdbError } from '#core/errors'
import type { AddedTarget } from '#domain/target/target-report'
import { placeLabel, type TargetPlace } from '#domain/target-place'
import type { Target } from '#target/target'
import { editConfigFile } from '../init/edit-config-file.ts'

export interface AddTargetOptions {
  /** Absolute. */
  configFile: string | null
  place: TargetPlace
  /** To see that it is there, before anything is written. */
  target: Target
  /** null: the repository's own place; else the name of a copy. */
  name: string | null
  dryRun: boolean
}

/**
 * `ecomdb target add`: looks at the place, then writes it into ecomdb.yaml.
 *
 * @throws EcomdbError CONFIG_NOT_FOUND, CONFIG_INVALID, USAGE, TARGET_UNAVAILABLE, STORAGE_FAILED
 */
export async function addTarget(options: AddTargetOptions): Promise<AddedTarget> {
  const { configFile, place, target, name, dryRun } = options
  if (!configFile) {
    throw new EcomdbError('CONFIG_NOT_FOUND', {
      what: 'there is no ecomdb.yaml to write to',
      hints: ['run `ecomdb init` to make one, with --target'],
    })
  }
  await target.inspect()
  const { withTarget } = await import('#config/add-target')
  const file = { path: configFile, folder: dirname(configFile) }
  let lines = ''
  const edit = (text: string): string | null => {
    const changed = withTarget(text, place, name, file)
    lines = changed?.lines ?? ''
    return changed?.text ?? null
  }
  if (dryRun) edit(await readFile(configFile, 'utf8'))
  else await editConfigFile(configFile, edit)
  return { configFile, target: placeLabel(place), name, dryRun, lines }
}
