import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { EcomdbError } from '#core/errors'
import { stateFolder } from '#core/paths'
import { ENGINE_FAMILIES, type EngineFamily } from '#domain/engine-family'
import type { Engine } from '#engine/engine'

/** Which sandbox: an engine, and a name, since several can run side by side. */
export interface SandboxName {
  engine: Engine
  name: string
}

const NAME = /^[a-z0-9][a-z0-9_-]{0,39}$/

/**
 * Where the sandbox of this name lives.
 *
 * @throws EcomdbError USAGE for a name that is not fit to be a folder's
 */
export function sandboxFolder({ engine, name }: SandboxName): string {
  if (!NAME.test(name)) {
    throw new EcomdbError('USAGE', {
      what: `'${name}' cannot name a sandbox`,
      why: 'a name is 1 to 40 small letters, digits, - and _, and begins with a letter or digit',
    })
  }
  return join(sandboxParent(), `${engine.family}-${name}`)
}

/** The sandboxes that have a folder. Order: engine, then name. */
export async function namedSandboxes(): Promise<{ family: EngineFamily; name: string }[]> {
  const entries = await readdir(sandboxParent()).catch(() => [])
  return entries.sort().flatMap(entry => {
    const family = ENGINE_FAMILIES.find(known => entry.startsWith(`${known}-`))
    const name = family ? entry.slice(family.length + 1) : ''
    return family && NAME.test(name) ? [{ family, name }] : []
  })
}

function sandboxParent(): string {
  return join(stateFolder(), 'sandbox')
}
