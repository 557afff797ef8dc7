import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * The folder with ecomdb's package.json: the same from the sources and from dist/. Found once: an upgrade takes the
 * file away for a while, or for good.
 */
export function packageRoot(): string {
  root ??= findRoot(dirname(fileURLToPath(import.meta.url)))
  return root
}

let root: string | undefined

function findRoot(from: string): string {
  let folder = from
  while (!existsSync(join(folder, 'package.json'))) {
    // Above the root of the file system is the root again.
    if (dirname(folder) === folder) {
      const missing = new Error(`no package.json above ${from}`)
      throw Object.assign(missing, { code: 'ERR_MODULE_NOT_FOUND' })
    }
    folder = dirname(folder)
  }
  return folder
}

/**
 * A thread's program, .ts among the sources and .js among what was built from them.
 *
 * @param path from the package's root, without extension: 'src/workflow/backup/compress-worker'
 */
export function threadProgram(path: string): string {
  const isSource = import.meta.url.endsWith('.ts')
  return join(packageRoot(), isSource ? `${path}.ts` : `dist/${path}.js`)
}

/** Downloads that can be made again: bin/setup's unpacked servers. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  return (
    environment['ECOMDB_CACHE'] ??
    join(environment['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'ecomdb')
  )
}

/** What must outlive a run and a reboot: sandbox servers, journals (XDG Base Directory). */
export function stateFolder(environment: NodeJS.ProcessEnv = process.env): string {
  return (
    environment['ECOMDB_STATE'] ??
    join(environment['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state'), 'ecomdb')
  )
}
