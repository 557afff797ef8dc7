import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Config } from '#config/config'
import { EcomdbError } from '#core/errors'
import type { DoctorFacts } from './facts.ts'

/** Who is asked for a code before what, and whether that is as firm as files can be. */
export async function gatherOperators(config: Config): Promise<DoctorFacts['operators']> {
  const { loadTotpPolicy } = await import('#config/totp-policy-file')
  try {
    const { operators, file } = await loadTotpPolicy(config)
    const files = [...(config.file ? [config.file] : []), file]
    const paths = [...new Set(files.flatMap(path => [path, dirname(path)]))]
    const judged = await Promise.all(paths.map(async path => ((await isLoose(path)) ? [path] : [])))
    return { ...operators, loose: judged.flat() }
  } catch (error) {
    // Commands that need the policy say what is wrong with it.
    if (error instanceof EcomdbError) return null
    throw error
  }
}

async function isLoose(path: string): Promise<boolean> {
  const { uid, mode } = await stat(path)
  return uid !== 0 || (mode & 0o022) !== 0
}
