import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { packageRoot } from '#core/paths'
import { cliEnvironment, type JsonDocument } from '#test/cli'

// The launcher and the base command, with commands of test/support/endings/.

let home = ''
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'ecomdb-test-'))
})
afterEach(() => rm(home, { recursive: true, force: true }))

function start(args: readonly string[], env: Record<string, string> = {}) {
  const program = join(packageRoot(), 'test/support/endings/run.ts')
  return spawn(process.execPath, [program, ...args], {
    env: cliEnvironment(home, env),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function finish(child: ReturnType<typeof start>) {
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', chunk => {
    stdout += chunk
  })
  child.stderr.on('data', chunk => {
    stderr += chunk
  })
  const status = await new Promise(resolve => child.once('close', resolve))
  return { status, stdout, stderr, json: () => JSON.parse(stdout) as JsonDocument }
}

const run = (args: readonly string[], env?: Record<string, string>) => finish(start(args, env))

test('done: text on stdout, warnings and progress on stderr, exit 0', async () => {
  const { status, stdout, stderr } = await run(['done'])
  expect({ status, stdout }).toEqual({ status: 0, stdout: 'all done\n' })
  expect(stderr).toMatch(/^warning: look at this\n {2}working {2}[\d.]+ s\n$/)
})

test('done, --json: one document with the warnings; 64 bits as text; no secret', async () => {
  const { status, stdout, stderr, json } = await run(['done', '--json'])
  expect(status).toBe(0)
  expect(json()).toEqual({
    version: 1,
    status: 0,
    result: { rows: '1152921504606846976', password: '********' },
    warnings: ['look at this'],
  })
  expect(stderr).toBe('')
  expect(stdout).not.toContain('hunter2')
})

test('findings: exit 3 in text and JSON', async () => {
  const text = await run(['findings'])
  expect([text.status, text.stdout]).toEqual([3, 'one finding\n'])
  const json = await run(['findings', '--json'])
  expect([json.status, json.json().status]).toEqual([3, 3])
})

test('an error: the same status in text and JSON, warnings kept, no stack', async () => {
  const text = await run(['refused'])
  expect([text.status, text.stdout]).toEqual([11, ''])
  expect(text.stderr).toContain('trying  failed after')
  expect(text.stderr).toContain(
    'error: it is locked\n  why:  line 1\n        line 2\n  hint: wait\n  code: LOCKED (exit 11)\n',
  )
  expect(text.stderr).not.toContain(' at ')
  const json = await run(['refused', '--json'])
  expect(json.status).toBe(11)
  expect(json.json()).toEqual({
    version: 1,
    status: 11,
    error: { code: 'LOCKED', what: 'it is locked', why: 'line 1\nline 2', hints: ['wait'] },
    warnings: ['it looks bad'],
  })
})

test('a bug: exit 1, its stack with causes on stderr, and says that it is one', async () => {
  const text = await run(['bug'])
  expect([text.status, text.stdout]).toEqual([1, ''])
  expect(text.stderr).toMatch(/error: x is not a function\n.*please report it/s)
  expect(text.stderr).toMatch(
    /TypeError: x is not a function\n\s+at Bug\.execute.*caused by: Error: deeper/s,
  )
  const json = await run(['bug', '--json'])
  expect([json.status, json.json().error?.code]).toEqual([1, 'BUG'])
  expect(json.stderr).toMatch(/^TypeError: x is not a function\n\s+at /)
})

test('an error that nobody awaited is a bug as well, and is cleaned up after', async () => {
  const undo = join(home, 'undone')
  const text = await run(['crashes', '--undo', undo])
  expect([text.status, text.stdout]).toEqual([1, ''])
  expect(text.stderr).toMatch(
    /error: a late failure\n.*code: BUG \(exit 1\)\nError: a late failure/s,
  )
  expect(existsSync(undo)).toBe(true)
  const json = await run(['crashes', '--undo', undo, '--json'])
  expect([json.status, json.json().error?.code]).toEqual([1, 'BUG'])
})

test('wrong usage: the same status in text and JSON', async () => {
  const text = await run(['done', '--quite'])
  expect(text.status).toBe(2)
  expect(text.stderr).toContain('did you mean --quiet instead of --quite?')
  const json = await run(['done', '--quite', '--json'])
  expect([json.status, json.json().error?.code]).toEqual([2, 'USAGE'])
})

test('an output of megabytes arrives whole through a slow pipe', async () => {
  const text = await run(['long'])
  expect(text.stdout.length).toBe(200_000 * 5)
  const json = await run(['long', '--json'])
  expect((json.json().result as { lines: string[] }).lines.length).toBe(200_000)
})

test('a reader that closes the pipe is no failure, and nothing is said', async () => {
  const child = start(['long'])
  child.stdout.once('data', () => child.stdout.destroy())
  const { status, stderr } = await finish(child)
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
})

test('a leaked timer does not keep the program alive', async () => {
  expect(await run(['leaks'])).toMatchObject({ status: 0, stdout: 'still ends\n' })
})

describe.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s', signal => {
  async function interrupt(args: string[], times = 1) {
    const undo = join(home, 'undone')
    const child = start(['waits', '--undo', undo, ...args])
    child.stderr.once('data', () => {
      for (let i = 0; i < times; i += 1) child.kill(signal)
    })
    return { undo, ...(await finish(child)) }
  }

  test('cleans up, says so, exits 130', async () => {
    const { undo, status, stdout, stderr } = await interrupt([])
    expect([status, stdout]).toEqual([130, ''])
    expect(stderr).toContain(`error: stopped by ${signal}\n  why:  what was begun was cleaned up\n`)
    expect(stderr).toContain('code: INTERRUPTED (exit 130)')
    expect(existsSync(undo)).toBe(true)
  })

  test('with --json prints one document', async () => {
    const { status, json } = await interrupt(['--json'])
    expect(status).toBe(130)
    expect(json()).toMatchObject({ status: 130, error: { code: 'INTERRUPTED' } })
  })

  test('with --json says nothing more while a slow reader takes the document', async () => {
    const child = start(['long', '--json'])
    await once(child.stdout, 'readable')
    child.kill(signal)
    await sleep(300)
    const { status, json } = await finish(child)
    expect([status, json().status]).toEqual([0, 0])
  })

  test('tells how to go on with what was left half done', async () => {
    const { stderr } = await interrupt(['--advice', 'run it again'])
    expect(stderr).toContain('  why:  what was done so far stays\n  hint: run it again\n')
  })

  test('says when cleaning up failed', async () => {
    const { status, stderr } = await interrupt(['--fail', 'the disk is gone'])
    expect(status).toBe(130)
    expect(stderr).toContain('not everything was cleaned up: the disk is gone')
  })
})

test('while an interactive program has the terminal, Ctrl-C is not ours', async () => {
  const typed = join(home, 'typed')
  const child = start(['hosts', '--until', typed])
  child.stderr.once('data', () => {
    child.kill('SIGINT')
    writeFileSync(typed, '')
  })
  expect(await finish(child)).toMatchObject({ status: 7, stderr: 'ready\n' })
})

describe('progress', () => {
  test('--quiet says nothing but the result and warnings', async () => {
    const stderr = 'warning: look at this\n'
    expect(await run(['done', '--quiet'])).toMatchObject({ stdout: 'all done\n', stderr })
    expect((await run(['done', '--quiet', '--json'])).stderr).toBe('')
  })

  test('--progress=json is one event a line', async () => {
    const { stderr } = await run(['done', '--progress=json'])
    expect(
      stderr
        .trim()
        .split('\n')
        .map(line => JSON.parse(line)),
    ).toEqual([
      { event: 'stage', name: 'working' },
      { event: 'warning', message: 'look at this' },
      { event: 'done' },
    ])
  })

  test('--progress=bar draws on one line, and leaves the stage behind', async () => {
    const { stderr } = await run(['done', '--progress=bar'])
    const clear = '\r\u001b[K'
    expect(stderr.startsWith(`${clear}  working`)).toBe(true)
    expect(stderr).toContain(`${clear}warning: look at this\n`)
    expect(stderr).toMatch(/ {2}working {2}[\d.]+ s\n$/)
  })

  test('the mode also comes from the environment, and a flag wins', async () => {
    const none = await run(['done'], { ECOMDB_PROGRESS: 'none' })
    expect(none.stderr).toBe('warning: look at this\n')
    const flag = await run(['done', '--progress=lines'], { ECOMDB_PROGRESS: 'none' })
    expect(flag.stderr).toContain('working')
    expect(await run(['done'], { ECOMDB_PROGRESS: 'loud' })).toMatchObject({ status: 2 })
  })
})
