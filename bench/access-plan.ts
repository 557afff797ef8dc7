import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { accessPolicyText } from '#config/access-policy-text'
import { silentProgress } from '#core/progress'
import type { AccessPolicy, WantedRights } from '#domain/access/policy'
import { applyAccess } from '#workflow/access/apply-access'
import type { Benchmark } from './benchmark.ts'
import { measure } from './measure.ts'
import { ecomdb, SHOP, startBenchServer } from './shop-server.ts'

const PEOPLE = 1000
const ROLES = 50
const VIEWS_OF_A_ROLE = 4

/** What a plan may take, whoever makes it: there is no peer that does the same. */
const BAR_SECONDS = 2

/**
 * `ecomdb access plan` against 1,000 people with a role each and 50 roles, all of them as the
 * policy says: the whole command, from its start to its end. The other side is no program
 * but the bar itself.
 */
export const accessPlan: Benchmark = {
  name: 'access-plan',
  bar: 1,
  perEngine: true,
  async prepare(context) {
    const bench = await startBenchServer(context, 'access')
    await bench.run(`CREATE DATABASE ${SHOP}`)
    await bench.run(`CREATE TABLE ${SHOP}.items (a INT PRIMARY KEY)`)
    for (let at = 0; at < ROLES; at += 1) {
      await bench.run(`CREATE VIEW ${SHOP}.view_${at} AS SELECT a FROM ${SHOP}.items`)
    }
    const policy = largePolicy()
    const connect = { ...bench.server.administrator, database: SHOP }
    context.say(`making ${PEOPLE} accounts and ${ROLES} roles`)
    await applyAccess(bench.engine, { connect, policy, allowRevokes: true }, silentProgress())
    const file = join(context.folder, 'access.yaml')
    await writeFile(file, accessPolicyText(policy))
    return {
      peerName: `the bar: ${BAR_SECONDS} s`,
      ours: async () => {
        const measured = await measure(ecomdb, ['access', 'plan', '--policy', file, '--json'], {
          env: bench.env,
          watchMemory: true,
        })
        const { result } = JSON.parse(measured.stdout) as { result: { steps: unknown[] } }
        if (result.steps.length > 0) throw new Error(`the plan has ${result.steps.length} steps`)
        return measured
      },
      peer: async () => ({ seconds: BAR_SECONDS, peakBytes: null, cpuSeconds: 0, stdout: '' }),
      close: () => bench.stop(),
    }
  },
}

const NOTHING: WantedRights = {
  select: [],
  execute: [],
  tables: new Map(),
  server: [],
  rights: [],
  roles: [],
  adminOf: [],
}

function largePolicy(): AccessPolicy {
  const roles = Array.from({ length: ROLES }, (_, at) => `role_${at}`)
  return {
    administrators: ['root@localhost'],
    revokeShare: 0.2,
    roles: new Map(
      roles.map((name, at) => [
        name,
        {
          ...NOTHING,
          select: Array.from(
            { length: VIEWS_OF_A_ROLE },
            (_, next) => `view_${(at + next) % ROLES}`,
          ),
          description: 'bench',
          heldBy: 'people',
          exception: null,
          maxConnections: 2,
          tls: 'remote',
          maxTtlMs: null,
          approvers: [],
        },
      ]),
    ),
    applications: new Map(),
    people: new Map(
      Array.from({ length: PEOPLE }, (_, at) => [
        `person_${at}`,
        {
          fullName: `Person ${at}`,
          email: null,
          accounts: [`person_${at}@10.0.0.1`],
          roles: [`role_${at % ROLES}`],
        },
      ]),
    ),
  }
}
