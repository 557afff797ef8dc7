import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EcomdbError, messageOf } from '#core/errors'
import { onInterrupt } from '#core/interruption'
import { translateStorageError } from '#core/storage-error'
import type { BrokerSession } from '#domain/credential/broker-message'
import { optionFileText, sessionEnvironment, withOptionFile } from '#domain/credential/option-file'
import { runInteractive } from '#process/run-interactive'
import type { HeldSession } from './ask-broker.ts'

/**
 * Runs a program with the session, and ends the session with it. Whatever happens to this
 * process, the broker ends it as soon as the connection is gone.
 *
 * @returns the program's exit status
 * @throws EcomdbError TOOL_MISSING, STORAGE_FAILED; what `HeldSession.end` throws, which says how the
 *   program ended
 */
export async function runWithSession(
  held: HeldSession,
  command: readonly string[],
): Promise<number> {
  const outcome = await runProgram(held.session, command).then(
    status => ({ status }),
    (error: unknown) => ({ error }),
  )
  try {
    await held.end()
  } catch (error) {
    throw 'status' in outcome
      ? notEnded(error, `${command[0]} ended with exit status ${outcome.status}`)
      : notEnded(error, messageOf(outcome.error), outcome.error)
  }
  if ('status' in outcome) return outcome.status
  throw outcome.error
}

async function runProgram(session: BrokerSession, command: readonly string[]): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'ecomdb-login-'))
  const takeBack = onInterrupt(() => rm(folder, { recursive: true, force: true }))
  try {
    const files = await writeFiles(session, folder)
    const [file = '', ...args] = withOptionFile(command, files.optionFile)
    const env = sessionEnvironment(session, files)
    return await runInteractive({ file, args: [], env }, args)
  } finally {
    await rm(folder, { recursive: true, force: true })
    takeBack()
  }
}

/** What the program did is not forgotten over a session that does not end; what failed first decides what it is. */
function notEnded(error: unknown, before: string, first?: unknown): EcomdbError {
  const cause = first ?? error
  const known = [cause, error].filter(each => each instanceof EcomdbError)
  const { what, why } = error instanceof EcomdbError ? error : { what: messageOf(error) }
  return new EcomdbError(known[0]?.code ?? 'SERVER_REFUSED', {
    what: `${before}; then ${what}`,
    ...(why ? { why } : {}),
    hints: [...new Set(known.flatMap(({ hints }) => hints))],
    cause,
  })
}

/**
 * Leaves an option file behind; the session lives until its time is over.
 *
 * @throws EcomdbError STORAGE_FAILED when the file is there
 */
export async function leaveOptionFile(session: BrokerSession, file: string): Promise<void> {
  const caFile = session.tlsCa ? `${file}.ca.pem` : null
  try {
    if (caFile && session.tlsCa) await writeFile(caFile, session.tlsCa, { flag: 'wx' })
    await writeFile(file, optionFileText(session, caFile), { flag: 'wx', mode: 0o600 })
  } catch (error) {
    throw translateStorageError(error, `cannot write the option file ${file}`)
  }
}

async function writeFiles(
  session: BrokerSession,
  folder: string,
): Promise<{ optionFile: string; passwordFile: string }> {
  await mkdir(folder, { recursive: true })
  await chmod(folder, 0o700)
  const optionFile = join(folder, 'session.cnf')
  const passwordFile = join(folder, 'session.password')
  await leaveOptionFile(session, optionFile)
  await writeFile(passwordFile, `${session.password}\n`, { flag: 'wx', mode: 0o600 })
  return { optionFile, passwordFile }
}
