import { existsSync, realpathSync } from 'node:fs'
import { basename, join } from 'node:path'
import { EcomdbError } from '#core/errors'
import { cacheFolder } from '#core/paths'
import type { EngineFamily } from '#domain/engine-family'
import { DEBIAN_LIBRARIES } from '#process/find-tool'
import type { ProgramCommand } from '#process/program'

/**
 * Where an engine's programs are, and how to start them. Looked for in this order: the
 * folder named by ECOMDB_MARIADB_BASEDIR or ECOMDB_MYSQL_BASEDIR, which is that of an installed
 * server or one as bin/setup unpacks them, of another version; what bin/setup unpacked; the system.
 */
export interface Installation {
  readonly family: EngineFamily
  readonly source: 'environment' | 'unpacked' | 'system'
  /** The folder with bin/, sbin/ and share/. */
  readonly basedir: string
  /** @throws EcomdbError TOOL_MISSING */
  program(name: string): ProgramCommand
}

/** The dynamic loader of this processor. */
const LOADER = process.arch === 'arm64' ? 'ld-linux-aarch64.so.1' : 'ld-linux-x86-64.so.2'

/** A program that shows that the engine is there. */
const SERVER: Record<EngineFamily, string> = { mariadb: 'mariadbd', mysql: 'mysqld' }

/** @throws EcomdbError TOOL_MISSING when there is none. */
export function findInstallation(
  family: EngineFamily,
  environment: NodeJS.ProcessEnv = process.env,
): Installation {
  for (const candidate of candidates(family, environment)) {
    if (hasServer(family, candidate.basedir)) return installation(family, candidate)
  }
  throw new EcomdbError('TOOL_MISSING', {
    what: `there is no ${family} server program on this machine`,
    why: `${SERVER[family]} was looked for in ${candidates(family, environment)
      .map(candidate => candidate.basedir)
      .join(', ')}`,
    hints: ['run `bin/setup` in the ecomdb checkout: it unpacks a private one, without root'],
  })
}

/**
 * MySQL's programs read accounts and passwords out of ~/.mylogin.cnf, also with --no-defaults. They have
 * --no-login-paths against it in some series only (8.4 and 9.7, not 8.0); the name of another file they all take.
 */
const WITHOUT_LOGIN_PATHS = { MYSQL_TEST_LOGIN_FILE: '/dev/null/none' }

/** Where MariaDB is installed, its package leaves a link named mysqld, which is no MySQL. */
function hasServer(family: EngineFamily, basedir: string): boolean {
  const path = locate(basedir, SERVER[family])
  return path !== undefined && basename(realpathSync(path)) === SERVER[family]
}

interface Candidate {
  source: Installation['source']
  basedir: string
  /** The root of an unpacked tree with libraries of its own. */
  root?: string
}

function candidates(family: EngineFamily, environment: NodeJS.ProcessEnv): Candidate[] {
  const named = environment[`ECOMDB_${family.toUpperCase()}_BASEDIR`]
  const root = join(cacheFolder(environment), family, 'root')
  return [
    ...(named ? [namedCandidate(named)] : []),
    { source: 'unpacked', basedir: join(root, 'usr'), root },
    { source: 'system', basedir: '/usr' },
  ]
}

function namedCandidate(named: string): Candidate {
  const root = join(named, 'root')
  return existsSync(join(root, 'usr'))
    ? { source: 'environment', basedir: join(root, 'usr'), root }
    : { source: 'environment', basedir: named }
}

function locate(basedir: string, name: string): string | undefined {
  return ['bin', 'sbin', 'libexec'].map(folder => join(basedir, folder, name)).find(existsSync)
}

function installation(family: EngineFamily, { source, basedir, root }: Candidate): Installation {
  return {
    family,
    source,
    basedir,
    program(name) {
      const path = locate(basedir, name)
      if (!path) {
        throw new EcomdbError('TOOL_MISSING', {
          what: `there is no ${name} on this machine`,
          why: `it is not in ${basedir}`,
          hints: ['run `bin/setup`, or install the package that has it'],
        })
      }
      const found = root ? unpacked(family, root, path) : { file: path, args: [], env: {} }
      return family === 'mysql'
        ? { ...found, env: { ...found.env, ...WITHOUT_LOGIN_PATHS } }
        : found
    },
  }
}

/**
 * MySQL comes from a newer Debian than the machine's, with its own libc, so it runs
 * through its own dynamic loader. MariaDB comes from the machine's own release: it needs
 * the libraries beside it only where the machine lacks them.
 */
function unpacked(family: EngineFamily, root: string, path: string): ProgramCommand {
  const libraries = `${join(root, 'usr', DEBIAN_LIBRARIES)}:${join(root, DEBIAN_LIBRARIES)}:${join(root, 'usr/lib')}`
  if (family === 'mariadb') return { file: path, args: [], env: { LD_LIBRARY_PATH: libraries } }
  const loader = join(root, 'usr', DEBIAN_LIBRARIES, LOADER)
  return { file: loader, args: ['--library-path', libraries, path], env: {} }
}
