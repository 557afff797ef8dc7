import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '#core/errors'
import { stateFolder } from '#core/paths'
import type { Progress } from '#core/progress'
import { type DrillAttempt, withAttempt } from '#domain/status/drill-turn'

interface Noted {
  format: 1
  attempts: readonly DrillAttempt[]
}

const folder = (): string => join(stateFolder(), 'drill-turns')
const fileOf = (repositoryId: string): string => join(folder(), `${repositoryId}.json`)

/** The drills that this host has begun by turn. What cannot be read is none: the signed ones count in any case. */
export async function readDrillAttempts(repositoryId: string): Promise<readonly DrillAttempt[]> {
  try {
    const noted = JSON.parse(await readFile(fileOf(repositoryId), 'utf8')) as Noted
    return noted.format === 1 && Array.isArray(noted.attempts) ? noted.attempts : []
  } catch {
    return []
  }
}

/** A drill must not fail by it: without the note the same one has its turn again where it leaves nothing signed. */
export async function noteDrillAttempt(
  repositoryId: string,
  attempt: DrillAttempt,
  progress: Progress,
): Promise<void> {
  const file = fileOf(repositoryId)
  const attempts = withAttempt(await readDrillAttempts(repositoryId), attempt)
  const noted: Noted = { format: 1, attempts }
  try {
    await mkdir(folder(), { recursive: true, mode: 0o700 })
    await writeFile(`${file}.partial`, JSON.stringify(noted), { mode: 0o600 })
    await rename(`${file}.partial`, file)
  } catch (error) {
    progress.warn(`whose turn it is was not noted in ${file}: ${messageOf(error)}`)
  }
}
