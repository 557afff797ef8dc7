import { readFileSync } from 'node:fs'

// Loaded before the tool's own code, by NODE_OPTIONS. The tool's clock is then as far behind the
// machine's as a file says at each question, so that it can go back while the tool runs. What
// the tool starts keeps the machine's clock, and so do files' times: a server or a disk elsewhere.

const MachineDate = Date
const machineNow = Date.now
const file = process.env['HARNESS_CLOCK_FILE'] ?? ''

function behindMs(): number {
  try {
    return Number(readFileSync(file, 'utf8'))
  } catch {
    return 0
  }
}

const now = (): number => machineNow() - behindMs()

MachineDate.now = now
globalThis.Date = new Proxy(MachineDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
})
