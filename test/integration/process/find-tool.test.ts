import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { cacheFolder } from '#core/paths'
import { findTool } from '#process/find-tool'
import { runProgram } from '#process/run-program'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ecomdb-test-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true })
})

test.each(['age', 'age-keygen', 'zstd'])('%s is found, and runs', async name => {
  const { stdout, stderr } = await runProgram(findTool(name), ['--version'])
  expect(`${stdout.toString('utf8')}${stderr}`).toMatch(/\d+\.\d+/)
})

test('a program on PATH goes before one that was unpacked, and what cannot run is passed over', async () => {
  const cache = { ECOMDB_CACHE: cacheFolder() }
  const tool = join(folder, 'zstd')
  await writeFile(tool, '#!/bin/sh\n')
  const unpacked = findTool('zstd', { ...cache, PATH: folder }).file
  expect(unpacked).not.toBe(tool)
  await chmod(tool, 0o755)
  expect(findTool('zstd', { ...cache, PATH: `relative:${folder}` }).file).toBe(tool)
})

test('a tool that is nowhere is named, with what to do', async () => {
  await mkdir(join(folder, 'cache'))
  const environment = { PATH: folder, ECOMDB_CACHE: join(folder, 'cache') }
  expect(() => findTool('age', environment)).toThrow(
    expect.objectContaining({
      code: 'TOOL_MISSING',
      hints: [expect.stringContaining('bin/setup')],
    }),
  )
})
