import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { memoryIn } from '#bench/measure'

const STATUS = 'Name:\tnode\nVmHWM:\t    4096 kB\nVmRSS:\t    3072 kB\n'

test('memory is what a process has of its own, and all of it where that cannot be read', () => {
  const rollup = '5581-7ffd ---p 00000000 00:00 0 [rollup]\nRss: 3072 kB\nPss:    2048 kB\n'
  const mostBytes = 4096 * 1024
  expect(memoryIn(rollup, STATUS)).toEqual({ nowBytes: 2048 * 1024, mostBytes })
  expect(memoryIn('', STATUS)).toEqual({ nowBytes: 3072 * 1024, mostBytes })
  expect(memoryIn('', '')).toEqual({ nowBytes: 0, mostBytes: 0 })
  expect(memoryIn('', readFileSync('/proc/self/status', 'utf8')).nowBytes).toBeGreaterThan(0)
})
