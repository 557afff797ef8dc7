import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A new folder; the test removes it. */
export async function makeFolder(): Promise<string> {
  return await mkdtemp(join(tmpdir(), 'ecomdb-test-'))
}

/** A folder of the test's own, removed at the end whatever happens. */
export async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await makeFolder()
  try {
    return await use(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
