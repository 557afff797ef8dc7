import { existsSync } from 'node:fs'
import { EcomdbError } from '#core/errors'
import type { ProgramCommand } from '#process/program'
import { runProgram } from '#process/run-program'
import type { ScratchDialect } from './scratch-dialect.ts'

const ZONES = '/usr/share/zoneinfo'

/** See ScratchServers.loadTimeZones. 1 to 2 seconds. */
export async function loadTimeZones(dialect: ScratchDialect, socketPath: string): Promise<void> {
  const printer = existsSync(ZONES) ? printerOf(dialect) : null
  if (!printer) return
  const { stdout } = await runProgram(printer, [ZONES], { timeoutMs: 60_000 })
  await runProgram(dialect.client(socketPath), ['mysql'], { input: stdout, timeoutMs: 120_000 })
}

/** A package may leave it out; who needs zones then is told so. */
function printerOf(dialect: ScratchDialect): ProgramCommand | null {
  try {
    return dialect.zonePrinter()
  } catch (error) {
    if (error instanceof EcomdbError && error.code === 'TOOL_MISSING') return null
    throw error
  }
}
