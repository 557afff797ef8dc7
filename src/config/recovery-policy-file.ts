import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { DURATION, durationMs } from '#core/duration'
import { EcomdbError, messageOf } from '#core/errors'
import { packageRoot } from '#core/paths'
import { MONTHLY_REPORTS } from '#domain/report/monthly-report'
import type { RecoveryPolicy } from '#domain/retention/recovery-policy'
import type { Config } from './config.ts'
import { parseYaml } from './parse-config.ts'
import { scheduleOf, scheduleSchema } from './schedule-schema.ts'

/**
 * policies/recovery.yaml. policies/recovery.schema.json, which editors use, is made from this.
 */

const time = (description: string) =>
  z.string().regex(DURATION, 'a length of time like 36h or 8d').describe(description)
const count = (what: string) => z.int().min(0).max(10_000).describe(what)
const host = z.enum(['database', 'vault', 'drill'])

const schema = z
  .strictObject({
    objectives: z
      .strictObject({
        rpo: time('how much data a disaster may cost').optional(),
        rto: time('how long a restore may take').optional(),
        drill_every: time('how old the newest drill of a server may be').optional(),
      })
      .optional()
      .describe('what is promised; drill and status measure against it'),
    retention: z
      .strictObject({
        last: count('the last so many proven snapshots (default 7)').optional(),
        hourly: count('the first proven one of so many hours (default 0)').optional(),
        daily: count('the first proven one of so many days (default 14)').optional(),
        weekly: count('the first proven one of so many weeks (default 8)').optional(),
        monthly: count('the first proven one of so many months (default 12)').optional(),
        yearly: count('the first proven one of so many years (default 3)').optional(),
        proof: z
          .enum(['verify', 'drill'])
          .optional()
          .describe('what makes a snapshot count: a passed verify or drill (default), or a drill'),
        unproven: time('how long one is kept that is not proven (default 30d)').optional(),
        wait: time('between a tombstone and the removal (default 3d)').optional(),
        log: time(
          'how far back any moment can be restored by the archived log (default: to the oldest snapshot)',
        ).optional(),
      })
      .optional()
      .describe('what is kept, of each server, method and set of databases'),
    brake: z
      .strictObject({
        shrink_to: z
          .number()
          .min(0)
          .max(1)
          .optional()
          .describe(
            'a snapshot of less than this part of the one before stops expire (default 0.5)',
          ),
        stale: time('a server without a backup for so long stops expire (default 3d)').optional(),
      })
      .optional()
      .describe('what stops expire until a person has looked'),
    former_servers: z
      .array(z.string().min(1))
      .optional()
      .describe(
        'servers that are gone, as SOURCE in `ecomdb backup list`: no new backup of them is missed',
      ),
    longest_backup: time(
      'a backup that began longer ago is taken for dead (default 24h)',
    ).optional(),
    runs_on: z
      .strictObject({
        backup: host.optional(),
        copy: host.optional(),
        verify: host.optional(),
        expire: host.optional(),
        drill: host.optional(),
        seal: host.optional(),
        access: host.optional(),
        reports: host.optional(),
      })
      .optional()
      .describe('which host does what; each host says in ecomdb.yaml (runs_on) which it is'),
    schedule: scheduleSchema,
    reports: z
      .array(z.enum(MONTHLY_REPORTS))
      .optional()
      .describe('the pages of `ecomdb report monthly` (default: orders, access, recovery)'),
  })
  .describe('policies/recovery.yaml: what is promised, kept, and done where')

type PolicyFile = z.infer<typeof schema>

/**
 * The policy that ecomdb.yaml names (recovery_policy), or ecomdb's own.
 * @throws EcomdbError CONFIG_INVALID with file, line and column
 */
export async function loadRecoveryPolicy(
  config: Pick<Config, 'recoveryPolicyFile'>,
): Promise<RecoveryPolicy & { file: string }> {
  const file = config.recoveryPolicyFile ?? join(packageRoot(), 'policies', 'recovery.yaml')
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new EcomdbError('CONFIG_INVALID', {
      what: `cannot read the policy ${file}`,
      why: messageOf(error),
      hints: ['correct recovery_policy in ecomdb.yaml, or leave it out: ecomdb has one of its own'],
      cause: error,
    })
  })
  return { ...withDefaults(parseYaml(text, file, schema)), file }
}

function withDefaults(content: PolicyFile): RecoveryPolicy {
  const { objectives = {}, retention = {}, brake = {}, runs_on = {} } = content
  const ms = (text: string | undefined): number | null =>
    text === undefined ? null : durationMs(text)
  const { last = 7, hourly = 0, daily = 14, weekly = 8, monthly = 12, yearly = 3 } = retention
  return {
    objectives: {
      rpoMs: ms(objectives.rpo),
      rtoMs: ms(objectives.rto),
      drillEveryMs: ms(objectives.drill_every),
    },
    retention: {
      ...{ last, hourly, daily, weekly, monthly, yearly },
      proof: retention.proof ?? 'verify',
      unprovenMs: ms(retention.unproven) ?? 30 * DAY_MS,
      waitMs: ms(retention.wait) ?? 3 * DAY_MS,
      logMs: ms(retention.log),
    },
    brake: {
      shrinkTo: brake.shrink_to ?? 0.5,
      staleMs: ms(brake.stale) ?? 3 * DAY_MS,
      formerServers: content.former_servers ?? [],
    },
    longestBackupMs: ms(content.longest_backup) ?? DAY_MS,
    runsOn: {
      ...{ backup: 'database', copy: 'vault', verify: 'vault', expire: 'vault', drill: 'drill' },
      ...{ seal: 'vault', access: 'vault', reports: 'vault' },
      ...runs_on,
    },
    schedule: scheduleOf(content.schedule),
    reports: content.reports ?? ['orders', 'access', 'recovery'],
  }
}

const DAY_MS = 86_400_000

/** For policies/recovery.schema.json. */
export function recoveryJsonSchema(): object {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input' })
  return { $schema, title: 'recovery.yaml', ...rest }
}
