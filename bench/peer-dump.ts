import type { EngineFamily } from '#domain/engine-family'
import type { Engine } from '#engine/engine'
import { findTool } from '#process/find-tool'
import type { ProgramCommand } from '#process/program'
import { pipeline, quote, shellCommand } from './measure.ts'
import { type BenchServer, findPeer, SHOP } from './shop-server.ts'

/** What shops use today: the engine's own dump program, zstd and age. */
export interface Peer {
  /** `mariadb-dump | zstd -3 -T0 | age > file` */
  dump(bench: BenchServer, recipients: readonly string[], file: string): [ProgramCommand, string[]]
  /** `age -d file | zstd -d | client` */
  restore(bench: BenchServer, identity: string, file: string): [ProgramCommand, string[]]
}

const DUMP_PROGRAM: Record<EngineFamily, string> = { mariadb: 'mariadb-dump', mysql: 'mysqldump' }

export function dumpName(family: EngineFamily): string {
  return `${DUMP_PROGRAM[family]} | zstd -3 -T0 | age`
}

/** A text says what is missing. */
export function findDumpPeer(engine: Engine): Peer | string {
  const dumper = findPeer(() => engine.installation().program(DUMP_PROGRAM[engine.family]))
  const zstd = findPeer(() => findTool('zstd'))
  const age = findPeer(() => findTool('age'))
  if (typeof dumper === 'string') return dumper
  if (typeof zstd === 'string') return zstd
  if (typeof age === 'string') return age
  return {
    dump: ({ server }, recipients, file) =>
      pipeline(
        [
          shellCommand(dumper, dumpArguments(engine.family, server.socketPath)),
          shellCommand(zstd, ['-3', '-T0', '-q']),
          `${shellCommand(
            age,
            recipients.flatMap(recipient => ['-r', recipient]),
          )} > ${quote(file)}`,
        ].join(' | '),
      ),
    restore: ({ engine: { scratchServers }, server }, identity, file) =>
      pipeline(
        [
          shellCommand(age, ['-d', '-i', identity, file]),
          shellCommand(zstd, ['-d', '-q']),
          shellCommand(scratchServers.client(server), []),
        ].join(' | '),
      ),
  }
}

function dumpArguments(family: EngineFamily, socketPath: string): string[] {
  return [
    '--no-defaults',
    ...(family === 'mysql' ? ['--set-gtid-purged=OFF'] : []),
    `--socket=${socketPath}`,
    '--user=root',
    '--single-transaction',
    '--routines',
    '--triggers',
    '--events',
    '--databases',
    SHOP,
  ]
}
