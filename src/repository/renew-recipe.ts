import { EcomdbError } from '#core/errors'
import type { Target } from '#target/target'
import { RECIPE_FILE } from './layout.ts'
import { lockDate } from './lock-keeper.ts'
import { recipeText } from './recipe.ts'
import { sha256Hex } from './trusted-files.ts'

/**
 * Puts today's recipe beside that of the ecomdb which made the repository: nothing is overwritten, and an old recipe
 * may not know what the new snapshots have (a hole in the log, an increment's renames). Its command names itself. One
 * of the same length is taken for the same. What is there already is held as long as what comes now.
 */
export async function renewRecipe(target: Target, now: Date): Promise<void> {
  const text = await recipeText()
  if ((await target.stat(RECIPE_FILE))?.sizeBytes === Buffer.byteLength(text)) return
  const ending = `-${sha256Hex(Buffer.from(text)).slice(0, 8)}.md`
  const there = await namedSo(target, ending)
  try {
    if (there) return void (await target.lock?.hold(there, lockDate(now, target.lock.days)))
    const name = `RESTORE-${now.toISOString().slice(0, 10).replaceAll('-', '')}${ending}`
    await target.put(name, [Buffer.from(text.replaceAll(COMMANDS, `$1${name}$2`))])
  } catch (error) {
    // Another has put it meanwhile, or this account may not: no reason for a backup to fail.
    const isNoMatter =
      error instanceof EcomdbError && ['STORAGE_FAILED', 'UNSUPPORTED'].includes(error.code)
    if (!isNoMatter) throw error
  }
}

/** Where the recipe's own command reads it. */
const COMMANDS = /^( {2})RESTORE\.md( > "\$HOME\/restore\.sh")$/gm

async function namedSo(target: Target, ending: string): Promise<string | null> {
  for await (const { name } of target.list('RESTORE-')) if (name.endsWith(ending)) return name
  return null
}
