import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { EcomdbError } from '#core/errors'
import { cacheFolder } from '#core/paths'
import { onPath } from '#process/program'
import { runProgram } from '#process/run-program'

/** Node's own builds, as the npm registry has them: what the launcher's Node comes from, too. */
const VERSIONS = { 20: '20.20.2', 22: '22.23.3' } as const

/**
 * The folder with `node` of another major version, fetched once and kept in the cache; or why there
 * is none.
 */
export async function otherNode(
  major: keyof typeof VERSIONS,
): Promise<{ folder: string } | { missing: string }> {
  const version = VERSIONS[major]
  const kept = join(cacheFolder(), 'nodes', version)
  const found = { folder: join(kept, 'package', 'bin') }
  if (existsSync(kept)) return found
  const partial = `${kept}.${process.pid}.partial`
  const name = `node-${process.platform}-${process.arch}`
  try {
    await mkdir(partial, { recursive: true })
    await runProgram(onPath('npm'), ['pack', `${name}@${version}`, '--silent'], {
      cwd: partial,
      timeoutMs: 60_000,
    })
    const tarball = `${name}-${version}.tgz`
    await runProgram(onPath('tar'), ['-xzf', tarball, 'package/bin'], { cwd: partial })
    await rm(join(partial, tarball))
    await rename(partial, kept)
    return found
  } catch (error) {
    if (!(error instanceof EcomdbError)) throw error
    await rm(partial, { recursive: true, force: true })
    return { missing: `Node ${version} could not be fetched: ${error.message}` }
  }
}
