import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from '#core/paths'
import { DEBIAN_LIBRARIES, findTool } from '#process/find-tool'
import type { ProgramCommand } from '#process/program'
import { type BenchServer, findPeer, SHOP } from './shop-server.ts'

/** Debian's mydumper and myloader: plain files, two threads. */
export interface LoaderPeer {
  dump(bench: BenchServer, folder: string): [ProgramCommand, string[]]
  restore(bench: BenchServer, folder: string): [ProgramCommand, string[]]
}

const THREADS = '2'
/** So that two threads share a large table. */
const ROWS_PER_FILE = '250000'

/** A text says what is missing. */
export function findLoaderPeer(): LoaderPeer | string {
  const dumper = findProgram('mydumper')
  const loader = findProgram('myloader')
  if (typeof dumper === 'string') return dumper
  if (typeof loader === 'string') return loader
  const connection = ({ server }: BenchServer): string[] => [
    ...['--socket', server.socketPath, '--user', 'root', '--threads', THREADS],
  ]
  return {
    dump: (bench, folder) => [
      dumper,
      [
        ...connection(bench),
        ...['--database', SHOP, '--outputdir', folder, '--rows', ROWS_PER_FILE],
        '--trx-consistency-only',
      ],
    ],
    restore: (bench, folder) => [loader, [...connection(bench), '--directory', folder]],
  }
}

/** On PATH, else where bin/setup --with-mydumper unpacked it. */
function findProgram(name: string): ProgramCommand | string {
  const root = join(cacheFolder(), 'mydumper', 'root')
  const unpacked = join(root, 'usr/bin', name)
  if (!existsSync(unpacked)) return findPeer(() => findTool(name))
  const libraries = join(root, 'usr', DEBIAN_LIBRARIES)
  return {
    file: unpacked,
    args: [],
    env: {
      LD_LIBRARY_PATH: `${libraries}:${join(root, DEBIAN_LIBRARIES)}`,
      // How MySQL's accounts authenticate is a plugin of the client's.
      MARIADB_PLUGIN_DIR: join(libraries, 'libmariadb3/plugin'),
    },
  }
}
