import { string } from '@oclif/core/args'
import type { Config } from '#config/config'
import { type Clock, systemClock } from '#core/clock'
import { durationMs, LONGEST_MS } from '#core/duration'
import { EcomdbError, EXIT } from '#core/errors'
import type { LeaseRequest } from '#domain/access/lease'
import type { LeaseReport } from '#domain/access/lease-report'
import { leaseText } from '#report/lease-text'
import { grantRole } from '#workflow/access/grant-role'
import { accessOptions } from './access-flags.ts'
import type { Outcome } from './base-command.ts'

/** Of commands that give or take a role. */
export function leaseArgs(role: string) {
  return {
    person: string({ required: true, description: 'the handle' }),
    role: string({ required: true, description: role }),
  }
}

/**
 * When a grant of this length ends; null without one.
 *
 * @throws EcomdbError USAGE
 */
export function endOf(length: string | undefined, clock: Clock): Date | null {
  if (length === undefined) return null
  const ms = durationMs(length)
  if (ms !== null && ms > 0 && ms <= LONGEST_MS) return new Date(clock.now().getTime() + ms)
  throw new EcomdbError('USAGE', {
    what: `--for is no length of time: ${JSON.stringify(length)}`,
    why: 'expected a number and s, m, h or d, at most 36500d',
    hints: ['for example: --for 30d'],
  })
}

/** With an approver or without, as the request says. */
export async function giveRole(
  request: LeaseRequest,
  config: Config,
  flags: { policy?: string | undefined; 'dry-run': boolean },
): Promise<LeaseReport> {
  const { engine, options } = await accessOptions(config, flags)
  return await grantRole(request, flags['dry-run'], { engine, ...options }, systemClock)
}

export function leaseOutcome(result: LeaseReport): Outcome<LeaseReport> {
  const status = result.findings.length > 0 ? EXIT.FINDINGS : EXIT.DONE
  return { result, text: leaseText(result), status }
}
