import { join } from 'node:path'
import { engineFor } from '#cli/wire'
import { EcomdbError } from '#core/errors'
import type { Engine } from '#engine/engine'
import type { RunningServer } from '#engine/scratch-server'
import type { HarnessCase, PreparedSuite, SuiteContext } from '../suite.ts'
import { AUDIT_ATTACKS, type AuditAttack } from './audit-attacks.ts'
import { AuditPlace } from './audit-place.ts'
import { writersCase } from './audit-writers.ts'

/** Milliseconds that the writers write. */
const WRITERS_MS = 60_000

/** Every attack on a trail of its own, in one server; then a minute of 48 writers. */
export async function prepareAuditAttacks(context: SuiteContext): Promise<PreparedSuite> {
  const { family, folder } = context
  const engine = await engineFor(family)
  const server = await engine.scratchServers.start({
    folder: join(folder, 'audited'),
    tcp: false,
    purpose: 'drill',
    serverOptions: ['--log-bin=binlog', '--server-id=7', '--binlog-format=ROW'],
  })
  const cases = [
    ...AUDIT_ATTACKS.map(attack => attackCase(attack, engine, server, folder)),
    writersCase(engine, server, folder, { writers: 48, ms: WRITERS_MS }),
  ]
  return {
    cases,
    async close() {
      await engine.scratchServers.remove(server.folder)
    },
  }
}

export function attackCase(
  attack: AuditAttack,
  engine: Engine,
  server: RunningServer,
  folder: string,
): HarnessCase {
  return {
    name: `audit: ${attack.name}`,
    expected: attack.expected.join(', ') || 'nothing is found',
    async run() {
      const place = await AuditPlace.make(engine, server, folder)
      try {
        await attack.act(place)
        return await judged(attack, place)
      } finally {
        await place.close()
      }
    },
  }
}

/** The sealer goes on, or refuses; either way the verification names it. */
async function judged(attack: AuditAttack, place: AuditPlace): Promise<string> {
  const sealed = await place.seal().then(
    () => 'sealed',
    (error: unknown) => {
      if (error instanceof EcomdbError) return `the sealer refused: ${error.code}`
      throw error
    },
  )
  const { findings, broken, counts } = await place.verify()
  const kinds = Object.keys(counts).sort()
  const seen = findings.map(one => `${one.kind} ${one.table ?? ''} ${one.row ?? ''}: ${one.detail}`)
  const asExpected =
    kinds.join() === [...attack.expected].sort().join() &&
    broken === (attack.broken ?? false) &&
    seen.some(line => line.includes(attack.names)) === attack.expected.length > 0
  if (asExpected) return `${kinds.join(', ') || 'nothing'} (${sealed})`
  throw new Error(
    `found ${kinds.join(', ') || 'nothing'}, broken ${broken}, ${sealed}:\n${seen.join('\n')}`,
  )
}
