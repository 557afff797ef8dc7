import { join } from 'node:path'
import { engineFor } from '#cli/wire'
import { complaint, RoleShop } from '#test/role-holders'
import type { HarnessCase, PreparedSuite, SuiteContext } from '../suite.ts'

/**
 * What the holder of each role tries to reach more than the role gives: one case for a role
 * and a kind of attempt. The attempts are those of test/support/role-attempts.ts, where each
 * says what it must come to.
 */
export async function prepareRoleAttacks(context: SuiteContext): Promise<PreparedSuite> {
  const { family, folder } = context
  const engine = await engineFor(family)
  const server = await engine.scratchServers.start({
    folder: join(folder, 'server'),
    tcp: false,
    purpose: 'sandbox',
  })
  const shop = await RoleShop.make(engine, server.administrator)
  const tried = new Map<string, ReturnType<RoleShop['attempt']>>()
  const outcomesOf = (role: string): ReturnType<RoleShop['attempt']> => {
    const known = tried.get(role) ?? shop.attempt(role, family)
    tried.set(role, known)
    return known
  }
  const caseOf = (role: string, kind: string): HarnessCase => ({
    name: `roles, ${role}: ${kind}`,
    expected: EXPECTED[kind] ?? 'the server refuses for want of a right',
    async run() {
      const all = (await outcomesOf(role)).filter(({ attempt }) => attempt.kind === kind)
      const broken = all.flatMap(each => complaint(role, each) ?? [])
      if (broken.length > 0) throw new Error(broken.join('\n'))
      const counts = new Map<string, number>()
      for (const { outcome } of all) counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
      return [...counts].map(([outcome, count]) => `${count} ${outcome}`).join(', ')
    },
  })
  const kinds = new Set((await outcomesOf('analyst')).map(({ attempt }) => attempt.kind))
  return {
    cases: shop.roles().flatMap(role => [...kinds].map(kind => caseOf(role, kind))),
    async close() {
      await engine.scratchServers.remove(server.folder)
    },
  }
}

/** Where it is not a plain refusal. */
const EXPECTED: Readonly<Record<string, string>> = {
  file: 'LOAD_FILE gives NULL; all else is refused',
  metadata: 'the catalogue shows nothing of what may not be touched; a loader sees its own tables',
  leak: 'bodies of programs, rights and sessions of others stay unseen; a dba sees the sessions',
  kill: 'refused; a dba may, as far as the server lets it',
  harmless: 'the servers let everybody',
}
