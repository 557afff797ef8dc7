import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { packageRoot } from '#core/paths'
import { cliEnvironment, runEcomdb } from '#test/cli'

describe.each([
  [['sandbox', 'strat'], '`sandbox strat`', 'did you mean `ecomdb sandbox start`?'],
  [['sandbx', 'start', 'x'], '`sandbx start x`', 'did you mean `ecomdb sandbox start`?'],
  [['start'], '`start`', 'did you mean `ecomdb sandbox start`?'],
  [['sandbox:strat'], '`sandbox strat`', 'did you mean `ecomdb sandbox start`?'],
  [['sandbxo'], '`sandbxo`', 'did you mean `ecomdb sandbox`?'],
  [['sandbox', 'zzz'], '`sandbox zzz`', 'run `ecomdb sandbox --help` for the list of commands'],
  [['zzzzzzzz'], '`zzzzzzzz`', 'run `ecomdb --help` for the list of commands'],
  [['zzzzzzzz', '--help'], '`zzzzzzzz`', 'run `ecomdb --help` for the list of commands'],
])('an unknown command: %j', (args, named, hint) => {
  test('text: exit 2, with what was meant, without asking', async () => {
    const { status, stdout, stderr } = await runEcomdb(args)
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr).toContain(`error: there is no command ${named}\n  hint: ${hint}`)
  })

  test('JSON: one document, the same status', async () => {
    const { status, json } = await runEcomdb([...args, '--json'])
    expect(status).toBe(2)
    expect(json()).toMatchObject({ status: 2, error: { code: 'USAGE' } })
    expect(json().error?.hints[0]).toBe(hint)
  })
})

test('a flag before the command: the hint has them in order', async () => {
  const { status, stderr } = await runEcomdb(['--config', 'x.yaml', 'backup', 'list'])
  expect(status).toBe(2)
  expect(stderr).toContain('no command is given before --config')
  expect(stderr).toContain('`ecomdb backup list --config …`')
})

test('a group without a command fails, and lists its commands', async () => {
  const { status, stderr } = await runEcomdb(['sandbox'])
  expect(status).toBe(2)
  expect(stderr).toContain('`ecomdb sandbox` needs one more word')
  expect(stderr).toContain('sandbox start')
})

test('a word too many is told', async () => {
  const { status, stderr } = await runEcomdb(['sandbox', 'start', 'x'])
  expect(status).toBe(2)
  expect(stderr).toContain('unexpected argument: x')
})

test.each([[[]], [['--help']], [['help']]])('help: %j', async args => {
  const { status, stdout, stderr } = await runEcomdb(args)
  expect([status, stderr]).toEqual([0, ''])
  expect(stdout).toContain('USAGE')
})

test('the first page has every command with its summary', async () => {
  const { stdout } = await runEcomdb(['--help'])
  const { commands } = JSON.parse(
    await readFile(join(packageRoot(), 'oclif.manifest.json'), 'utf8'),
  ) as { commands: Record<string, { id: string; summary: string }> }
  const lines = stdout.replace(/\n {3,}/g, ' ')
  const missing = Object.values(commands).filter(
    ({ id, summary }) =>
      !new RegExp(`^  ${id.replaceAll(':', ' ')} +`, 'm').test(lines) || !lines.includes(summary),
  )
  expect(missing.map(({ id }) => id)).toEqual([])
  expect(Math.max(...stdout.split('\n').map(line => line.length))).toBeLessThanOrEqual(80)
})

test('alternatives leave no hole in the usage', async () => {
  const { stdout } = await runEcomdb(['restore', '--help'])
  const usage = stdout.slice(0, stdout.indexOf('ARGUMENTS')).replaceAll(/\s+/g, ' ')
  expect(usage).toContain('--into NAME] | --binlog')
  expect(usage).toContain('[--resume | --start-over]')
  expect(usage).not.toMatch(/\|\s*[|\]]|\[\s*\|/)
})

test.each([[['sandbox', '--help']], [['help', 'sandbox']], [['--help', 'sandbox']]])(
  'help of a group: %j',
  async args => {
    const { status, stdout } = await runEcomdb(args)
    expect(status).toBe(0)
    expect(stdout).toContain('sandbox start')
  },
)

test("a command's help ends with its exit statuses", async () => {
  const { stdout } = await runEcomdb(['sandbox', 'start', '--help'])
  expect(stdout).toMatch(/EXIT STATUS\n\s+0 {2}done\n\s+1 {2}.*\n\s+130 {2}interrupted/s)
})

test.each([
  [['--help']],
  [['sandbox', 'start', '--help']],
  [['--version']],
  [['autocomplete', 'bash']],
])('%j with --json is one document', async args => {
  const { status, json } = await runEcomdb([...args, '--json'])
  expect(status).toBe(0)
  expect(json().result.text).toMatch(/ecomdb/i)
  expect(json().version).toBe(1)
})

test('after -- nothing is a flag of ours', async () => {
  const { status, stdout } = await runEcomdb(['sandbox', 'start', '--', '--json'])
  expect([status, stdout]).toEqual([2, ''])
})

test('no colours where NO_COLOR is set or nobody looks', async () => {
  const colorStart = String.fromCharCode(27)
  const args = ['sandbox', 'start', '--help']
  expect((await runEcomdb(args)).stdout).not.toContain(colorStart)
  const colored = await runEcomdb(args, { env: { FORCE_COLOR: '1' } })
  expect(colored.stdout).toContain(colorStart)
  const quiet = await runEcomdb(args, { env: { NO_COLOR: '1' } })
  expect(quiet.stdout).not.toContain(colorStart)
})

describe('where what is printed goes into a file on a full disk', () => {
  const inShell = async (script: string) => {
    const folder = await mkdtemp(join(tmpdir(), 'ecomdb-test-'))
    try {
      const env = { ...cliEnvironment(folder), ECOMDB: join(packageRoot(), 'bin/ecomdb') }
      const { status, stderr } = spawnSync('bash', ['-c', script], { cwd: folder, env })
      return { status, stderr: stderr.toString('utf8') }
    } finally {
      await rm(folder, { recursive: true })
    }
  }

  test.each([
    ['nothing', '"$ECOMDB" --version > /dev/full'],
    ['nothing of a document', '"$ECOMDB" --version --json > /dev/full'],
    ['a part', 'trap "" XFSZ; ulimit -f 1; "$ECOMDB" --help > part'],
  ])('%s has room: that is no success', async (_, script) => {
    const { status, stderr } = await inShell(script)
    expect([status, stderr]).toEqual([30, expect.stringContaining('STORAGE_FAILED')])
  })

  test('a failure keeps its status, and a log that is full ends no work', async () => {
    expect((await inShell('"$ECOMDB" sandbox strat --json > /dev/full')).status).toBe(2)
    expect((await inShell('"$ECOMDB" sandbox strat 2> /dev/full')).status).toBe(2)
  })
})

test('completion for bash knows the commands and their flags', async () => {
  const cache = await mkdtemp(join(tmpdir(), 'ecomdb-test-'))
  try {
    const env = { XDG_CACHE_HOME: cache }
    expect(await runEcomdb(['autocomplete', 'create'], { env })).toMatchObject({ status: 0 })
    const script = join(cache, 'ecomdb/autocomplete/functions/bash/ecomdb.bash')
    expect(await readFile(script, 'utf8')).toMatch(/^sandbox:start .*--engine/m)
  } finally {
    await rm(cache, { recursive: true })
  }
})

test('flags and arguments that are missing are named', async () => {
  const { status, stderr } = await runEcomdb(['report', 'orders'])
  expect(status).toBe(2)
  expect(stderr).toContain('error: missing --from and --to\n')
  const load = await runEcomdb(['load'])
  expect([load.status, load.stderr]).toEqual([2, expect.stringContaining('missing FILE\n')])
})
