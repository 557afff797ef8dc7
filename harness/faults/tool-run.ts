import { spawn } from 'node:child_process'
import { type FSWatcher, watch } from 'node:fs'
import { basename, extname, join } from 'node:path'
import { packageRoot } from '#core/paths'
import { cliEnvironment } from '#test/cli'

/** A run of the tool: how it ended, and whether it was disturbed before it could. */
export interface ToolRun {
  /** null when a signal ended it */
  status: number | null
  stderr: string
  stdout: string
  /** From its start to its end, in milliseconds. */
  tookMs: number
  /** What interferes did so while it ran; false where the run was over before. */
  disturbed: boolean
}

/** What is done to a run, and when. */
export interface Interference {
  /** At a named stage. */
  atStage?: string
  /** After so many milliseconds. */
  afterMs?: number
  /** So long after the run has written one more file than notes about itself into the folder. */
  onWrite?: { folder: string; delayMs: number }
  act(pid: number): void
}

export interface Surroundings {
  folder: string
  env: Record<string, string>
}

/** Starts the tool with progress as JSON lines, and lets `interfere` do something to it. */
export async function runInterfered(
  args: readonly string[],
  { folder, env }: Surroundings,
  interfere: Interference | null,
): Promise<ToolRun> {
  const began = performance.now()
  const child = spawn(join(packageRoot(), 'bin/ecomdb'), [...args, '--progress', 'json'], {
    cwd: folder,
    env: cliEnvironment(folder, env),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const run: ToolRun = { status: null, stderr: '', stdout: '', tookMs: 0, disturbed: false }
  let acted = false
  const act = (): void => {
    if (acted || !interfere) return
    acted = true
    // What its output tells may be read after its end.
    run.disturbed = child.exitCode === null && child.signalCode === null
    interfere.act(child.pid ?? 0)
  }
  const timer =
    interfere?.afterMs === undefined ? undefined : setTimeout(() => act(), interfere.afterMs)
  const written = interfere?.onWrite && watchWrites(interfere.onWrite, act)
  const stage = interfere?.atStage === undefined ? null : JSON.stringify(interfere.atStage)
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    run.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    run.stderr += text
    if (stage !== null && run.stderr.includes(stage)) act()
  })
  run.status = await new Promise(resolve => child.once('close', code => resolve(code)))
  clearTimeout(timer)
  written?.close()
  run.tookMs = performance.now() - began
  return run
}

function watchWrites(
  { folder, delayMs }: NonNullable<Interference['onWrite']>,
  act: () => void,
): FSWatcher {
  return watch(folder, { recursive: true }, (_event, name) => {
    if (name && extname(name) !== '' && basename(name) !== 'started.json') setTimeout(act, delayMs)
  })
}
