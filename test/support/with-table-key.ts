import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { engineFor } from '#cli/wire'
import type { EngineFamily } from '#domain/engine-family'
import type { Engine } from '#engine/engine'
import { mysqlScratch } from '#engine/mysql/scratch'
import type { RunningServer } from '#engine/scratch-server'
import { scratchServers } from '#engine/shared/scratch-process'
import type { ProgramCommand } from '#process/program'
import { withServer } from '#test/backed-up'

type Use<T> = (server: RunningServer, engine: Engine) => Promise<T>

/** A server that has a key to encrypt the files of tables with. */
export async function withTableKey<T>(
  family: EngineFamily,
  folder: string,
  use: Use<T>,
  serverOptions: readonly string[] = [],
): Promise<T> {
  await mkdir(folder)
  const server = join(folder, 'server')
  if (family === 'mysql') return await withKeyring(folder, server, use, serverOptions)
  const keys = join(folder, 'keys')
  await writeFile(keys, `1;${'0123456789abcdef'.repeat(4)}\n2;${'fedcba9876543210'.repeat(4)}\n`)
  const plugin = ['--plugin-load-add=file_key_management', `--file-key-management-filename=${keys}`]
  return await withServer(family, server, use, [...plugin, ...serverOptions])
}

/**
 * MySQL reads which keyring component it loads beside its program, and what that is to do beside its
 * library: here both are links to those that all tests share.
 *
 * Source: MySQL reference manual, "Keyring Component Installation" and "Using the component_keyring_file".
 */
async function withKeyring<T>(
  folder: string,
  server: string,
  use: Use<T>,
  serverOptions: readonly string[],
): Promise<T> {
  const command = mysqlScratch.server()
  const program = join(folder, 'mysqld')
  await symlink(command.args.at(-1) ?? command.file, program)
  const own: ProgramCommand =
    command.args.length > 0
      ? { ...command, args: [...command.args.slice(0, -1), program] }
      : { ...command, file: program }
  await writeFile(`${program}.my`, '{"components": "file://component_keyring_file"}')
  const plugins = join(folder, 'plugins')
  await mkdir(plugins)
  const shared = mysqlScratch.options('drill').find(one => one.startsWith('--plugin-dir='))
  const from = shared?.slice(shared.indexOf('=') + 1) ?? ''
  for (const name of await readdir(from)) await symlink(join(from, name), join(plugins, name))
  const keyring = { path: join(folder, 'keyring'), read_only: false }
  await writeFile(join(plugins, 'component_keyring_file.cnf'), JSON.stringify(keyring))
  const servers = scratchServers({ ...mysqlScratch, server: () => own })
  const running = await servers.start({
    ...{ folder: server, tcp: false, purpose: 'drill' },
    serverOptions: [`--plugin-dir=${plugins}`, ...serverOptions],
  })
  try {
    return await use(running, await engineFor('mysql'))
  } finally {
    await servers.remove(server)
  }
}
