import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cacheFolder, packageRoot } from '#core/paths'

export interface CliOptions {
  /** Added to an environment that has PATH, a home of its own and nothing else of the user's. */
  env?: Record<string, string>
  cwd?: string
  /** Standard input; none by default. */
  input?: string | Uint8Array
}

export interface CliResult {
  /** The exit status; 128 + number when a signal ended it. */
  status: number
  stdout: string
  stderr: string
  /** The one JSON document on stdout. Throws, with all output, when it is not exactly one. */
  json<Document = JsonDocument>(): Document
}

/** What --json prints. */
export interface JsonDocument {
  version: 1
  status: number
  // biome-ignore lint/suspicious/noExplicitAny: the result's shape is each command's own
  result?: any
  error?: { code: string; what: string; why: string | null; hints: string[] }
  warnings: string[]
}

/** Variables of the user's shell that the CLI may see; all else would make tests depend on it. */
const KEPT = ['PATH', 'LANG', 'TMPDIR', 'ECOMDB_MARIADB_BASEDIR', 'ECOMDB_MYSQL_BASEDIR']

/**
 * Runs bin/ecomdb as a user would, from dist/ (run `npm run build` first), in a folder and
 * with a home that are removed after. Only the cache of unpacked servers is the user's own.
 */
export async function runEcomdb(
  args: readonly string[],
  options: CliOptions = {},
): Promise<CliResult> {
  const home = await mkdtemp(join(tmpdir(), 'ecomdb-cli-'))
  try {
    return await run(args, home, options)
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}

/** The environment of a test's ecomdb: XDG folders below `home`. */
export function cliEnvironment(home: string, env: Record<string, string> = {}): NodeJS.ProcessEnv {
  const kept = KEPT.flatMap(name => (process.env[name] ? [[name, process.env[name]]] : []))
  return {
    ...Object.fromEntries(kept),
    HOME: home,
    XDG_CONFIG_HOME: join(home, 'config'),
    XDG_CACHE_HOME: join(home, 'cache'),
    XDG_DATA_HOME: join(home, 'data'),
    XDG_STATE_HOME: join(home, 'state'),
    ECOMDB_STATE: join(home, 'state', 'ecomdb'),
    ECOMDB_CACHE: cacheFolder(),
    ...env,
  }
}

async function run(
  args: readonly string[],
  home: string,
  { env, cwd, input }: CliOptions,
): Promise<CliResult> {
  const child = spawn(join(packageRoot(), 'bin/ecomdb'), args, {
    cwd: cwd ?? home,
    env: cliEnvironment(home, env),
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  })
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout?.on('data', chunk => out.push(chunk))
  child.stderr?.on('data', chunk => err.push(chunk))
  child.stdin?.on('error', () => {})
  child.stdin?.end(input)
  const status = await new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(code ?? 128 + (signal === 'SIGKILL' ? 9 : 15)))
  })
  const stdout = Buffer.concat(out).toString('utf8')
  const stderr = Buffer.concat(err).toString('utf8')
  return { status, stdout, stderr, json: () => parseOne(args, status, stdout, stderr) }
}

function parseOne<Document>(
  args: readonly string[],
  status: number,
  stdout: string,
  stderr: string,
): Document {
  try {
    return JSON.parse(stdout) as Document
  } catch {
    throw new Error(
      `ecomdb ${args.join(' ')} (exit ${status}) did not print one JSON document.\nstdout: ${stdout}\nstderr: ${stderr}`,
    )
  }
}
