import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { findTool } from '#process/find-tool'
import type { ProgramCommand } from '#process/program'

/** What a person copies out of RESTORE.md first: it makes a script of the document. */
const EXTRACTION =
  /^````\n(awk -v kind=rows [\s\S]*?) \\\n {2}RESTORE\.md > "\$HOME\/restore\.sh"\n````$/m

/** Follows a repository's RESTORE.md by its own words, with `age`, `zstd` and what a system has. */
export async function followRecipe(
  repository: string,
  kind: 'rows' | 'physical' | 'log',
  { home, ...variables }: { home: string } & Record<string, string>,
) {
  const [, extraction = ''] =
    EXTRACTION.exec(await readFile(`${repository}/RESTORE.md`, 'utf8')) ?? []
  const script = `${home}/restore.sh`
  const awk = extraction.replace('kind=rows', `kind=${kind}`)
  const made = spawnSync('sh', ['-c', `${awk} RESTORE.md > "$1"`, 'sh', script], {
    cwd: repository,
  })
  if (made.status !== 0 || awk === '') throw new Error(`no script: ${made.stderr}`)
  const tools = ['age', 'zstd'].map(name => findTool(name))
  return spawnSync('sh', [script], {
    encoding: 'utf8',
    cwd: home,
    env: {
      PATH: [...tools.map(({ file }) => dirname(file)), '/usr/bin', '/bin'].join(':'),
      HOME: home,
      ...Object.assign({}, ...tools.map(({ env }) => env)),
      REPOSITORY: repository,
      ...variables,
    },
  })
}

/** A program of an engine's installation as words of a shell, with its environment. */
export function inShell({ file, args, env }: ProgramCommand): string {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  return ['env', ...variables, file, ...args].join(' ')
}
