import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from '@oclif/core/parser'
import { describe, expect, test } from 'vitest'
import { BaseCommand } from '#cli/base-command'
import { packageRoot } from '#core/paths'

// A command line that help, a hint or a page names must be one that ecomdb takes.

const root = packageRoot()
const commands = new Map(
  await Promise.all(
    globSync('commands/**/*.ts', { cwd: root }).map(async path => {
      const { default: command } = await import(join(root, path))
      const id = path.replace(/^commands\/|\.ts$/g, '').replaceAll('/', ' ')
      return [id, command as typeof BaseCommand] as const
    }),
  ),
)

/** The command that these words begin with, and what is left for it. */
function find(words: readonly string[]): { command: typeof BaseCommand; rest: string[] } | null {
  for (const length of [2, 1]) {
    const command = commands.get(words.slice(0, length).join(' '))
    if (command) return { command, rest: words.slice(length) }
  }
  return null
}

describe.each([...commands])('ecomdb %s', (id, command) => {
  test('has examples, and each can be parsed', async () => {
    const examples = (command.examples ?? []).map(String)
    expect(examples.length).toBeGreaterThan(0)
    for (const example of examples) {
      const line = example
        .replaceAll('<%= command.id %>', id)
        .replaceAll('<%= config.bin %>', 'ecomdb')
      const words = line.slice(line.indexOf('ecomdb ') + 'ecomdb '.length).match(/'[^']*'|\S+/g)
      const found = find(words ?? [])
      expect(found?.command, line).toBe(command)
      const flags = { ...BaseCommand.baseFlags, ...command.flags }
      const { args, enableJsonFlag, strict } = command
      const rest = (found?.rest ?? []).filter(word => !(enableJsonFlag && word === '--json'))
      await expect(parse(rest, { args, flags, strict }), line).resolves.toBeDefined()
    }
  })
})

/** Words after `ecomdb ` in backticks; placeholders such as SNAPSHOT, … and <id> end them. */
const NAMED = /`ecomdb ((?:[a-z]+)(?: [a-z]+(?:-[a-z]+)*)?)/g

test('commands that hints and pages name are there', () => {
  const groups = new Set([...commands.keys()].map(id => id.split(' ')[0] ?? ''))
  const files = globSync(['src/**/*.{ts,sql}', 'commands/**/*.ts', 'docs/*.md', '*.md'], {
    cwd: root,
  })
  const wrong = files.flatMap(path =>
    [...readFileSync(join(root, path), 'utf8').matchAll(NAMED)]
      .map(([, words = '']) => words)
      .filter(words => words !== 'help' && !find(words.split(' ')) && !groups.has(words))
      .map(words => `${path}: ecomdb ${words}`),
  )
  expect(wrong).toEqual([])
})
