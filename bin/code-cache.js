import { mkdirSync, statSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'

/**
 * Keeps compiled code for the next start, in a folder that nobody else can write. Node's own
 * place for it is below /tmp, where another user of the host could put code that ecomdb, with
 * the database's keys at hand, would then run. Where there is no such folder, nothing is kept.
 */
export function keepCompiledCode() {
  const { ECOMDB_CACHE, XDG_CACHE_HOME, NODE_COMPILE_CACHE } = process.env
  const cache = ECOMDB_CACHE || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'ecomdb')
  const folder = NODE_COMPILE_CACHE || ownFolder(join(cache, 'code'))
  if (!folder) return
  enableCompileCache(folder)
  // Threads look for it in the environment only; it takes a fifth off their start.
  process.env.NODE_COMPILE_CACHE = folder
}

function ownFolder(path) {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    const { uid, mode } = statSync(path)
    return uid === process.getuid?.() && (mode & 0o022) === 0 ? path : null
  } catch {
    return null
  }
}
