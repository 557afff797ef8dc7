import { expect, test } from 'vitest'
import { consoleBlocks, looksAsShown } from '#test/console-blocks'

test('commands, their output and their status are read', () => {
  const markdown = [
    'text',
    '```console state=shop',
    '$ ecomdb a \\',
    '>   --flag',
    'line one',
    '',
    'line two',
    '$ ecomdb b',
    '$ echo $?',
    '3',
    '```',
    '```console continue',
    '$ ecomdb c',
    '```',
    '```sh',
    '$ not this',
    '```',
  ].join('\n')
  expect(consoleBlocks('x.md', markdown)).toEqual([
    {
      file: 'x.md',
      line: 2,
      state: 'shop',
      steps: [
        { command: 'ecomdb a \\\n  --flag', output: ['line one', '', 'line two'], status: 0 },
        { command: 'ecomdb b', output: null, status: 3 },
        { command: 'ecomdb c', output: null, status: 0 },
      ],
    },
  ])
  expect(() => consoleBlocks('x.md', '```console\nno prompt\n```')).toThrow('x.md:1')
  expect(() => consoleBlocks('x.md', '```console\n$ open')).toThrow('not closed')
})

test('a placeholder stands for text in a line or for lines, and for nothing else', () => {
  expect(looksAsShown(['took … s (all)'], 'took 1.5 s (all)\n')).toBe(true)
  expect(looksAsShown(['took … s'], 'took 1.5 s\nmore\n')).toBe(false)
  expect(looksAsShown(['a', '…', 'z'], 'a\nb\nc\nz\n')).toBe(true)
  expect(looksAsShown(['a', '…', 'z'], 'a\nz\n')).toBe(true)
  expect(looksAsShown(['a', '…', 'z'], 'a\nb\n')).toBe(false)
  expect(looksAsShown(['a.c'], 'abc\n')).toBe(false)
  expect(looksAsShown(['a'], 'a   \n\n')).toBe(true)
})
