import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test, vi } from 'vitest'
import { packageRoot } from '#core/paths'
import { onPath } from '#process/program'
import { runProgram } from '#process/run-program'
import { startProgram } from '#process/running-program'

/** Processes whose command line has this word, none of which is a zombie. */
function processesWith(word: string): string[] {
  return readdirSync('/proc').filter(pid => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(word)
    } catch {
      return false
    }
  })
}

/** A time to sleep that nobody else has. */
const anyTime = (): string => `${100_000 + Math.floor(Math.random() * 1e9)}.5`

const STARTS = {
  'a program that is waited for': (time: string) => `
    const { runProgram } = await import('#process/run-program')
    await runProgram({ file: 'sleep', args: [], env: {} }, ['${time}'], { diesWithUs: true })`,
  'a program beside ecomdb': (time: string) => `
    const { startProgram } = await import('#process/running-program')
    await startProgram({ file: 'sleep', args: [], env: {} }, ['${time}']).ended`,
  'a job': (time: string) => `
    const { startChild } = await import('#process/run-child')
    const limits = { limitMs: Infinity, graceMs: 1000 }
    await startChild({ file: 'sleep', args: [], env: {} }, ['${time}'], limits).ended`,
}

test.each(Object.entries(STARTS))(
  '%s ends when ecomdb is killed, with what every system has',
  async (_, start) => {
    const time = anyTime()
    const holder = spawn(process.execPath, ['--input-type=module', '-e', start(time)], {
      cwd: packageRoot(),
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    const programs = (): string[] =>
      processesWith(`sleep\0${time}`).filter(pid => pid !== String(holder.pid))
    await vi.waitFor(() => expect(programs().length).toBeGreaterThan(0), 20_000)
    holder.kill('SIGKILL')
    await vi.waitFor(() => expect(programs()).toEqual([]), 20_000)
  },
)

test('a program has its own status and pipes, and leaves no guard behind', async () => {
  const word = `guard-${anyTime()}`
  const script = 'cat; echo "$0" >&2; [ ! -e /proc/$$/fd/3 ] || echo open >&2; exit 7'
  const { status, stdout, stderr } = await runProgram(onPath('sh'), ['-c', script, word], {
    input: 'a\0b',
    accept: [7],
    diesWithUs: true,
  })
  expect([status, stdout.toString()]).toEqual([7, 'a\0b'])
  expect(stderr).toBe(`${word}\n`)
  await vi.waitFor(() => expect(processesWith(word)).toEqual([]), 20_000)
  const killed = startProgram(onPath('sleep'), [anyTime()])
  killed.kill()
  await expect(killed.ended).rejects.toMatchObject({ why: expect.stringContaining('SIGKILL') })
  const missing = runProgram(onPath('no-such-program'), [], { diesWithUs: true })
  await expect(missing).rejects.toMatchObject({ why: expect.stringMatching(/status 127/) })
})
