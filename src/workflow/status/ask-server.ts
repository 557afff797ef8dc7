import {
  type CheckDocument,
  SERVER_CHECKS,
  type ServerCheck,
  serverLine,
} from '#domain/status/server-checks'
import type { StatusLine } from '#domain/status/shop-status'
import { startChild } from '#process/run-child'
import type { ScheduleContext } from '../schedule/schedule-context.ts'

/** Longer than any check of a server that answers. */
const LIMIT_MS = 60_000

/**
 * Audit trail, access and hardening: each check as an ecomdb of its own, whose one document says
 * it. So a check that fails takes nothing but its own line with it.
 */
export async function askServer(
  context: Pick<ScheduleContext, 'program' | 'config'>,
): Promise<StatusLine[]> {
  const lines: StatusLine[] = []
  for (const check of SERVER_CHECKS) lines.push(serverLine(check, await ask(context, check)))
  return lines
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
