import { mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import type { Config } from '#config/config'
import { generateIdentity, writeIdentity } from '#crypto/key-files'
import { makeFolder } from '#test/temporary'
import { gatherPrivateKeys } from '#workflow/doctor/gather-keys'

const ROTATED = 'escrow-20261128-120000-123.identity'

test.each([
  ['take-away/escrow.identity', 'all', true],
  [`take-away/${ROTATED}`, 'all', true],
  [`take-away/${ROTATED}`, 'database', true],
  [`keys/${ROTATED}`, 'drill', true],
  ['take-away/of-the-safe.txt', 'all', true],
  // Where no private key may lie that is what is said.
  ['take-away/operations-20261128-120000-123.identity', 'database', false],
  ['keys/operations.identity', 'all', false],
] as const)('%s on a host of runs_on: %s is an escrow key: %s', async (name, runsOn, escrow) => {
  const folder = await makeFolder()
  try {
    const path = join(folder, name)
    await mkdir(dirname(path))
    await writeIdentity(path, await generateIdentity(), new Date())
    const config = { file: join(folder, 'ecomdb.yaml'), runsOn, keys: { identityFiles: [] } }
    const found = await gatherPrivateKeys(config as unknown as Config)
    expect(found).toEqual([{ path, escrow }])
  } finally {
    await rm(folder, { recursive: true })
  }
})
