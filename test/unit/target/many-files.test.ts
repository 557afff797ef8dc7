import type { Dirent } from 'node:fs'
import { expect, test, vi } from 'vitest'
import { readdirWhole } from '#target/dir/durable-files'

const FILES = 300_000

vi.mock('node:fs/promises', async original => ({
  ...(await original<typeof import('node:fs/promises')>()),
  readdir: async (folder: string) => {
    const entry = (name: string, isFolder: boolean): Dirent =>
      ({ name, isDirectory: () => isFolder, isSymbolicLink: () => false }) as Dirent
    return folder.endsWith('objects')
      ? Array.from({ length: FILES }, (_, number) => entry(`${number}`, false))
      : [entry('objects', true)]
  },
}))

test('a folder of very many files is listed', async () => {
  expect(await readdirWhole('/repository')).toHaveLength(FILES + 1)
})
