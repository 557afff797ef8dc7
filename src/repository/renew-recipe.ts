import { EcomdbError } from '#core/errors'
import { toolVersion } from '#core/version'
import type { Target } from '#target/target'
import { RECIPE_FILE } from './layout.ts'
import { recipeText } from './recipe.ts'
import { sha256Hex } from './trusted-files.ts'

/**
 * Puts today's recipe beside that of the ecomdb which made the repository: nothing is overwritten, and an old recipe
 * may not know what the new snapshots have (a hole in the log, an increment's renames). One of the same length is
 * taken for the same.
 */
export async function renewRecipe(target: Target): Promise<void> {
  const text = Buffer.from(await recipeText())
  const name = `RESTORE-${toolVersion().replace('ecomdb ', '')}-${sha256Hex(text).slice(0, 8)}.md`
  if ((await target.stat(RECIPE_FILE))?.sizeBytes === text.length || (await target.stat(name)))
    return
  await target.put(name, [text]).catch(error => {
    // Another has put it meanwhile, or this account may not: no reason for a backup to fail.
    if (!(error instanceof EcomdbError) || error.code !== 'STORAGE_FAILED') throw error
  })
}
