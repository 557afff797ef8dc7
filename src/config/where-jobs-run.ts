import { EcomdbError } from '#core/errors'
import type { Job } from '#domain/host-role'
import type { RecoveryPolicy } from '#domain/retention/recovery-policy'
import type { Config } from './config.ts'

/**
 * A job that removes or copies must not run where the policy does not have it: a database host
 * that is taken over would remove its own backups.
 *
 * @throws EcomdbError CONFIG_INVALID
 */
export function refuseElsewhere(job: Job, { runsOn, file }: Config, policy: RecoveryPolicy): void {
  const there = policy.runsOn[job]
  if (runsOn === 'all' || runsOn === there) return
  throw new EcomdbError('CONFIG_INVALID', {
    what: `this host does not ${job}`,
    why: `${file ?? 'the configuration'} says runs_on: ${runsOn}, and the policy has ${job} run on a ${there} host`,
    hints: [`run it on the ${there} host; \`ecomdb doctor\` says what belongs where`],
  })
}
