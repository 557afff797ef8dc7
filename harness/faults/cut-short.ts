import type { Case } from './case.ts'
import type { Job } from './job.ts'
import type { Interference, ToolRun } from './tool-run.ts'

/** Runs the job as it is where nothing is wrong, but for what interferes; looks at how it ends. */
export async function runJob(one: Case, job: Job, how: Interference | null): Promise<ToolRun> {
  const run = await one.interfered(await job.args(one), how)
  await requireHonest(one, job, run)
  // The shortest of them: behind a slow bucket it takes long, and a kill by that comes too late.
  const { took } = one.place
  if (run.status === 0) {
    took.set(job.name, Math.min(run.tookMs, took.get(job.name) ?? Number.POSITIVE_INFINITY))
  }
  return run
}

/** No bug, and an exit 0 only for what has been done. */
export async function requireHonest(one: Case, job: Job, run: ToolRun): Promise<void> {
  if (run.status === 1) throw new Error(`a bug: exit 1\n${run.stderr}`)
  if (run.status === 0) await job.claims?.(one)
}

/** Cuts the job short, and looks whether that did harm. A run that was done before is one, too. */
export async function cutShort(
  one: Case,
  job: Job,
  how: Interference,
  what: string,
): Promise<string> {
  await job.prepare?.(one)
  const run = await runJob(one, job, how)
  if (how.atStage !== undefined && !run.disturbed) requireStages(run, [how.atStage])
  return `${ended(run, what)}; ${await job.recover(one)}`
}

/** A stage that no run names any more would never be cut short at, and nobody would see it. */
export function requireStages({ status, stderr }: ToolRun, stages: readonly string[]): void {
  const missing = stages.filter(stage => !stderr.includes(JSON.stringify(stage)))
  if (missing.length === 0) return
  throw new Error(`exit ${status}, and it never came to '${missing.join("', '")}'\n${stderr}`)
}

/** How it ended, and of what was done to it, whether it came in time. */
export function ended({ status, disturbed }: ToolRun, what: string | null = null): string {
  const end = status === null ? 'killed' : `exit ${status}`
  if (what === null) return end
  return disturbed ? `${what}: ${end}` : `ended before ${what}: ${end}`
}

/** How long the job may take here, by what was measured. */
export function lengthOf(one: Case, job: Job): number {
  return Math.ceil(one.place.took.get(job.name) ?? job.lastsMs)
}

export const kill = (pid: number): void => send(pid, 'SIGKILL')

export function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended by itself.
  }
}
