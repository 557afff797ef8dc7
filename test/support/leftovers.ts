import { readdirSync, readFileSync } from 'node:fs'

/** Node's compile cache, made by the CLI in the temp folder; and ecomdb's state, e.g. locks. */
const ALLOWED_FILES = ['node-compile-cache', 'state']

/**
 * Ends and names what a test run has left behind: files in its temp folder, and processes
 * that know this folder by their command line or environment, by which all that a test
 * starts are found.
 */
export function clearLeftovers(folder: string): string[] {
  const processes = processesOf(folder)
  for (const { pid } of processes) kill(pid)
  const files = readdirSync(folder).filter(name => !ALLOWED_FILES.includes(name))
  return [
    ...files.map(name => `file ${folder}/${name}`),
    ...processes.map(({ pid, line }) => `process ${pid}: ${line}`),
  ]
}

function processesOf(folder: string): { pid: number; line: string }[] {
  return readdirSync('/proc')
    .map(Number)
    .filter(pid => pid > 0 && pid !== process.pid)
    .flatMap(pid => {
      const line = read(`/proc/${pid}/cmdline`)
      const environment = read(`/proc/${pid}/environ`)
      // vitest's own workers may live on until this process ends.
      if (parentOf(pid) === process.pid || !line) return []
      const ours = line.includes(folder) || environment.includes(folder)
      return ours ? [{ pid, line: line.replaceAll('\0', ' ').slice(0, 200) }] : []
    })
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

function parentOf(pid: number): number {
  // The name in brackets may hold anything; the parent is the second field after it.
  return Number(read(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ')[1])
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
