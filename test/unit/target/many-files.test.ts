import { expect, test } from 'vitest'
import { readdirWhole } from '#target/dir/durable-files'

const FILES = 300_000

test('a folder of very many files is listed', async () => {
  const entry = (name: string, isFolder: boolean) => ({
    name,
    isDirectory: () => isFolder,
    isSymbolicLink: () => false,
  })
  const read = async (folder: string) =>
    folder.endsWith('objects')
      ? Array.from({ length: FILES }, (_, number) => entry(`${number}`, false))
      : [entry('objects', true)]
  expect(await readdirWhole('/repository', read)).toHaveLength(FILES + 1)
})
