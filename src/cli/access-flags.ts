import { resolve } from 'node:path'
import { string } from '@oclif/core/flags'
import type { Config } from '#config/config'
import { EcomdbError } from '#core/errors'
import type { Engine } from '#engine/engine'
import type { Adoption } from '#workflow/access/adopt-account'
import type { AccessPlace } from '#workflow/access/list-access'
import type { AccessOptions } from '#workflow/access/plan-access'
import { serverFlags } from './flags.ts'
import { wire } from './wire.ts'

export const accessFlags = {
  ...serverFlags,
  policy: string({
    helpGroup: 'CONFIGURATION',
    helpValue: 'FILE',
    summary: 'the access.yaml to use (default: access_policy of ecomdb.yaml)',
  }),
}

/** The server and the policy, as flags and configuration say. */
export async function accessOptions(
  config: Config,
  flags: { policy?: string | undefined },
): Promise<{ engine: Engine; options: AccessOptions }> {
  const { loadAccessPolicy } = await import('#config/access-policy-file')
  const named = flags.policy === undefined ? config.accessPolicyFile : resolve(flags.policy)
  const policy = await loadAccessPolicy({ accessPolicyFile: named })
  const { engine, connect } = await wire.server(config)
  return { engine, options: { connect, policy } }
}

/**
 * What `access adopt` is asked for.
 *
 * @throws EcomdbError USAGE unless exactly one thing is asked
 */
export function adoptionOf(
  account: string | undefined,
  flags: {
    person?: string | undefined
    'full-name'?: string | undefined
    application?: string | undefined
    role: boolean
    declared: boolean
  },
): Adoption {
  const { person, application, role, declared } = flags
  const kinds = [person !== undefined, application !== undefined, role, declared]
  const isOne = kinds.filter(Boolean).length === 1
  if (!isOne || (account === undefined) !== declared) {
    throw new EcomdbError('USAGE', {
      what: 'say which account it is, and what',
      why: 'adopt takes USER@HOST with --person NAME, --application NAME or --role, or --declared alone',
      hints: ['run `ecomdb access drift` to see the accounts that are not on record'],
    })
  }
  if (account === undefined) return 'declared'
  if (person !== undefined) {
    return { account, as: 'person', name: person, fullName: flags['full-name'] ?? null }
  }
  if (application !== undefined) return { account, as: 'application', name: application }
  return { account, as: 'role', name: account }
}

/** The server, and who the policy says may do everything. */
export async function accessPlace(
  config: Config,
  flags: { policy?: string | undefined },
): Promise<AccessPlace> {
  const { engine, options } = await accessOptions(config, flags)
  const { connect, policy } = options
  return { engine, connect, administrators: policy.administrators }
}
