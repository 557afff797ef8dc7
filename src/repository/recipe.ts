import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { packageRoot } from '#core/paths'

/**
 * RESTORE.md, as it is written into every repository: the recipe, which a test follows word
 * for word, and then the format, for whoever wants to write a program.
 */
export async function recipeText(): Promise<string> {
  const docs = join(packageRoot(), 'docs')
  const recipe = await readFile(join(docs, 'restore-without-ecomdb.md'), 'utf8')
  return `${recipe}\n${await readFile(join(docs, 'formats.md'), 'utf8')}`
}
