import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { packageRoot, stateFolder } from '#core/paths'
import type { Progress } from '#core/progress'
import type { EngineFamily } from '#domain/engine-family'
import { SAMPLE_TABLES, sampleFileName } from '#domain/sample/sample-files'
import { sampleSize } from '#domain/sample/size'
import { generateSample } from '../generate-sample.ts'

/** What the quickstart loads: the shop's own exports, or rows that are made for it. */
export type QuickstartData =
  | { kind: 'files'; folder: string }
  | { kind: 'generated'; scale: string }

/** Where the shop's own exports are when they are beside the checkout. */
const BESIDE = '../shared/data/bear-builders'

/** A quarter of a million rows: enough to see that it is fast, and done in half a minute. */
const DEFAULT_SCALE = '0.05'

/** The exports named by ECOMDB_SHOP_DATA, or those beside the checkout, or generated rows. @throws EcomdbError USAGE */
export function chooseData(
  scale: string | undefined,
  environment: NodeJS.ProcessEnv,
): QuickstartData {
  if (scale !== undefined) {
    // Before a server is started for it.
    sampleSize(scale, {})
    return { kind: 'generated', scale }
  }
  const folder = environment['ECOMDB_SHOP_DATA'] ?? join(packageRoot(), BESIDE)
  return existsSync(folder)
    ? { kind: 'files', folder }
    : { kind: 'generated', scale: DEFAULT_SCALE }
}

/**
 * One sandbox and one folder for each engine and kind of data, so that a second run finds
 * what the first one made, and different rows never meet.
 */
export function quickstartPlace(
  engine: EngineFamily,
  data: QuickstartData,
): { sandbox: string; folder: string } {
  const sandbox = `quickstart${suffixOf(data)}`
  return { sandbox, folder: join(stateFolder(), 'quickstart', `${engine}${suffixOf(data)}`) }
}

function suffixOf(data: QuickstartData): string {
  if (data.kind === 'files') return '-files'
  return data.scale === DEFAULT_SCALE ? '' : `-${data.scale.replace(/\D/g, '-')}`
}

/** The CSV files to load, in their order; generated ones are made once. */
export async function quickstartFiles(
  data: QuickstartData,
  folder: string,
  progress: Progress,
): Promise<string[]> {
  if (data.kind === 'files') {
    const names = (await readdir(data.folder)).filter(name => name.endsWith('.csv'))
    return names.sort().map(name => join(data.folder, name))
  }
  const sample = join(folder, 'sample')
  const files = SAMPLE_TABLES.map(table => join(sample, sampleFileName(table)))
  if (!files.every(existsSync)) {
    const size = sampleSize(data.scale, {})
    await generateSample({ folder: sample, size, seed: 1, overwrite: true }, progress)
  }
  return files
}
