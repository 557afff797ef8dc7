import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { EngineFamily } from '#domain/engine-family'
import type { Engine } from '#engine/engine'
import { quoteString } from '#engine/quote'
import { findTool } from '#process/find-tool'
import { onPath, type ProgramCommand } from '#process/program'
import { type Measured, measure, pipeline, quote, shellCommand } from './measure.ts'
import { type BenchServer, findPeer } from './shop-server.ts'

/** What shops use today for data files: the engine's own means, zstd and age. */
export interface PhysicalPeer {
  name: string
  /** Into `file`. */
  backUp(bench: BenchServer, recipients: readonly string[], file: string): Promise<Measured>
  /** Out of `file` into an empty folder, and prepared. */
  restore(identity: string, file: string, folder: string): Promise<Measured>
}

export const PHYSICAL_PEER_NAME: Record<EngineFamily, string> = {
  mariadb: 'mariadb-backup | zstd -3 -T0 | age',
  mysql: 'CLONE LOCAL, then tar | zstd -3 -T0 | age',
}

/** A text says what is missing. */
export function findPhysicalPeer(engine: Engine, folder: string): PhysicalPeer | string {
  const zstd = findPeer(() => findTool('zstd'))
  const age = findPeer(() => findTool('age'))
  if (typeof zstd === 'string') return zstd
  if (typeof age === 'string') return age
  const seal = (recipients: readonly string[], file: string): string => {
    const to = recipients.flatMap(recipient => ['-r', recipient])
    return `${shellCommand(zstd, ['-3', '-T0', '-q'])} | ${shellCommand(age, to)} > ${quote(file)}`
  }
  const open = (identity: string, file: string): string =>
    `${shellCommand(age, ['-d', '-i', identity, file])} | ${shellCommand(zstd, ['-d', '-q'])}`
  return engine.family === 'mariadb'
    ? mariadbPeer(engine, folder, seal, open)
    : mysqlPeer(folder, seal, open)
}

type Seal = (recipients: readonly string[], file: string) => string
type Open = (identity: string, file: string) => string

function mariadbPeer(
  engine: Engine,
  folder: string,
  seal: Seal,
  open: Open,
): PhysicalPeer | string {
  const backup = findPeer(() => engine.installation().program('mariadb-backup'))
  const unpack = findPeer(() => engine.installation().program('mbstream'))
  if (typeof backup === 'string') return backup
  if (typeof unpack === 'string') return unpack
  const target = join(folder, 'peer-target')
  return {
    name: PHYSICAL_PEER_NAME.mariadb,
    async backUp({ server }, recipients, file) {
      await emptied(target)
      const stream = shellCommand(backup, [
        '--no-defaults',
        '--backup',
        '--stream=xbstream',
        '--user=root',
        `--socket=${server.socketPath}`,
        `--target-dir=${target}`,
      ])
      return await measure(...pipeline(`${stream} 2>/dev/null | ${seal(recipients, file)}`))
    },
    async restore(identity, file, into) {
      await emptied(into)
      const files = `${open(identity, file)} | ${shellCommand(unpack, ['-x', '-C', into])}`
      const prepare = shellCommand(backup, ['--prepare', `--target-dir=${into}`])
      return await measure(...pipeline(`${files} && ${prepare} 2>/dev/null`))
    },
  }
}

/** The client's statement, so that both sides start a program. */
function mysqlPeer(folder: string, seal: Seal, open: Open): PhysicalPeer {
  const clone = join(folder, 'peer-clone')
  const tar: ProgramCommand = onPath('tar')
  return {
    name: PHYSICAL_PEER_NAME.mysql,
    async backUp({ engine, server }, recipients, file) {
      await rm(clone, { recursive: true, force: true })
      const statement = `CLONE LOCAL DATA DIRECTORY = ${quoteString(clone)}`
      const client = shellCommand(engine.scratchServers.client(server), ['-e', statement])
      const pack = `${shellCommand(tar, ['-C', clone, '-cf', '-', '.'])} | ${seal(recipients, file)}`
      const measured = await measure(...pipeline(`${client} && ${pack}`))
      await rm(clone, { recursive: true, force: true })
      return measured
    },
    async restore(identity, file, into) {
      await emptied(into)
      const unpack = shellCommand(tar, ['-C', into, '-xf', '-'])
      return await measure(...pipeline(`${open(identity, file)} | ${unpack}`))
    },
  }
}

export async function emptied(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
}

/** The operations key of a folder that `ecomdb init` made. */
export async function identityIn(folder: string): Promise<string> {
  const keys = join(folder, 'keys')
  const identity = (await readdir(keys)).find(name => name.includes('operations'))
  if (!identity) throw new Error(`${keys} holds no identity`)
  return join(keys, identity)
}

export async function fileBytes(file: string): Promise<number> {
  return (await stat(file)).size
}
