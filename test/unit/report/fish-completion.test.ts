import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { packageRoot } from '#core/paths'
import { onPath } from '#process/program'
import { runProgram } from '#process/run-program'
import { type CompletedCommand, fishCompletion } from '#report/fish-completion'

const read = (name: string) => JSON.parse(readFileSync(join(packageRoot(), name), 'utf8'))
const commands: CompletedCommand[] = Object.values(read('oclif.manifest.json').commands)
const script = fishCompletion(commands, read('package.json').oclif.topics)

test('has every command, and every flag with its values', () => {
  const missing = commands
    .filter(({ hidden }) => !hidden)
    .filter(({ id }) => !script.includes(` -a ${id.split(':').at(-1)} -d `))
  expect(missing).toEqual([])
  expect(script).toContain(
    "complete -c ecomdb -n '__ecomdb_in \\'schedule install\\'' -l with -x -a 'systemd cron' -d ",
  )
  expect(script).toContain("-n '__ecomdb_at \\'\\'' -a backup -d ")
})

const hasFish = await runProgram(onPath('fish'), ['--version']).then(
  () => true,
  () => false,
)

// Where fish is not installed, nobody can ask it.
test('fish completes with it', async context => {
  if (!hasFish) return context.skip('fish is not installed')
  const folder = await mkdtemp(join(tmpdir(), 'ecomdb-test-'))
  try {
    const file = join(folder, 'ecomdb.fish')
    await writeFile(file, script)
    const complete = async (line: string): Promise<string[]> => {
      const ask = `source ${file}; complete -C '${line}'`
      const { stdout } = await runProgram(onPath('fish'), ['--no-config', '-c', ask], {
        env: { HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder },
      })
      return stdout
        .toString('utf8')
        .split('\n')
        .map(one => one.split('\t')[0] ?? '')
    }
    expect(await complete('ecomdb sched')).toContain('schedule')
    expect(await complete('ecomdb schedule ')).toEqual(
      expect.arrayContaining(['install', 'list', 'run']),
    )
    expect(await complete('ecomdb schedule install --with ')).toEqual(
      expect.arrayContaining(['systemd', 'cron']),
    )
    expect(await complete('ecomdb schedule list --')).not.toContain('--with')
    expect(await complete('ecomdb drill --t')).toContain('--turn')
  } finally {
    await rm(folder, { recursive: true })
  }
})
