import {
  type CheckDocument,
  SERVER_CHECKS,
  type ServerCheck,
  serverLine,
} from '#domain/status/server-checks'
import type { CheckedServer } from '#domain/status/status-line'
import { startChild } from '#process/run-child'
import type { ScheduleContext } from '../schedule/schedule-context.ts'

/** Longer than any check of a server that answers. */
const LIMIT_MS = 60_000

/**
 * Audit trail, grants, drift and hardening: each check as an ecomdb of its own, whose one document says
 * it. So a check that fails takes nothing but its own line with it.
 */
export async function askServer(
  context: Pick<ScheduleContext, 'program' | 'config'>,
): Promise<CheckedServer[]> {
  const checked: CheckedServer[] = []
  for (const check of SERVER_CHECKS) checked.push(serverLine(check, await ask(context, check)))
  return checked
}

async function ask(
  { program, config }: Pick<ScheduleContext, 'program' | 'config'>,
  { argv }: ServerCheck,
): Promise<CheckDocument | null> {
  const where = config.file === null ? [] : ['--config', config.file]
  const limits = { limitMs: LIMIT_MS, graceMs: 5000 }
  const { stdout } = await startChild(program, [...argv, ...where, '--json'], limits).ended
  try {
    return JSON.parse(stdout) as CheckDocument
  } catch {
    return null
  }
}
