import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { EngineFamily } from '#domain/engine-family'
import type { Engine } from '#engine/engine'

const PROGRAMS: Readonly<Record<EngineFamily, readonly string[]>> = {
  mariadb: ['mariadbd', 'mariadb', 'mariadb-binlog', 'mariadb-backup', 'innochecksum'],
  mysql: ['mysqld', 'mysql', 'mysqlbinlog', 'innochecksum'],
}

/**
 * An installation in which one program is a script of bash, which is told how the real one is called.
 *
 * @returns the environment in which ecomdb uses it
 */
export async function wrapProgram(
  engine: Engine,
  basedir: string,
  wrapped: string,
  script: (real: string) => string,
): Promise<Record<string, string>> {
  const installation = engine.installation()
  await mkdir(join(basedir, 'bin'), { recursive: true })
  for (const name of ['share', 'lib']) {
    await symlink(join(installation.basedir, name), join(basedir, name)).catch(() => {})
  }
  for (const name of PROGRAMS[engine.family]) {
    const { file, args, env } = installation.program(name)
    const settings = Object.entries(env).map(([key, value]) => `${key}='${value}'`)
    const real = ['env', ...settings, file, ...args].join(' ')
    const lines = name === wrapped ? script(real) : `exec ${real} "$@"`
    const path = join(basedir, 'bin', name)
    await writeFile(path, `#!/bin/bash\nset -o pipefail\n${lines}\n`)
    await chmod(path, 0o755)
  }
  return { [`ECOMDB_${engine.family.toUpperCase()}_BASEDIR`]: basedir }
}
