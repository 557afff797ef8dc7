import { cp, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type LeaverReceipt, putLeaverReceipt } from '#repository/leaver-receipts'
import { openRepository } from '#repository/repository'
import { uuidV7 } from '#repository/uuid'
import { openDirectoryTarget } from '#target/dir/directory-target'
import { BackupPlace } from '#test/backed-up'
import { withFolder } from '#test/temporary'
import { leaversSince } from '#workflow/restore/leavers-since'

test('who has left since a copy was brought up to date is known from its repository', async () => {
  await withFolder(async folder => {
    const place = await BackupPlace.make(folder, 'mariadb')
    await leave(place, 'early')
    const copy = join(folder, 'copy')
    await cp(place.path, copy, { recursive: true })
    await leave(place, 'late')
    const own = await place.access()
    const access = {
      ...own,
      repository: await openRepository(openDirectoryTarget(copy)),
      copiedFrom: async () => await openRepository(openDirectoryTarget(place.path)),
    }
    const since = '2026-01-01T00:00:00.000Z'
    expect(await leaversSince(access, since)).toMatchObject({
      ...{ people: ['early', 'late'], findings: [], unasked: [] },
    })
    await rename(place.path, join(folder, 'gone'))
    const { people, unasked } = await leaversSince(access, since)
    expect(people).toEqual(['early'])
    expect(unasked).toEqual([
      expect.stringContaining('may be back: the repository cannot be asked'),
    ])
    const silent = { ...access, copiedFrom: () => new Promise<never>(() => {}) }
    const waited = await leaversSince(silent, since, 100)
    expect(waited.unasked).toEqual([expect.stringContaining('no answer within 0.1 s')])
  })
})

test('whoever was being taken out when the snapshot was made has left since', async () => {
  await withFolder(async folder => {
    const place = await BackupPlace.make(folder, 'mariadb')
    const minutes = (count: number) => new Date(Date.UTC(2026, 0, 1, 12, count)).toISOString()
    await leave(place, 'alice', { startedAt: minutes(0), completedAt: minutes(3) })
    await leave(place, 'bob', { startedAt: minutes(0), completedAt: null })
    const leftSince = async (at: string) =>
      (await leaversSince(await place.access(), at)).people.toSorted()
    for (const at of [-1, 0, 1, 3, 5, 8])
      expect(await leftSince(minutes(at)), `${at}`).toEqual(['alice', 'bob'])
    // An account of her name that is there then was made on purpose.
    expect(await leftSince(minutes(9))).toEqual(['bob'])
  })
})

async function leave(
  { path, keys }: BackupPlace,
  person: string,
  times: { startedAt: string; completedAt: string | null } = {
    startedAt: new Date().toISOString(),
    completedAt: new Date().toISOString(),
  },
): Promise<void> {
  const target = openDirectoryTarget(path)
  const receipt = {
    ...{ format: 1, receiptId: uuidV7(new Date()), person, ...times },
    repositoryId: (await openRepository(target)).id,
    accounts: [{ user: person, host: 'localhost' }],
  }
  await putLeaverReceipt(target, receipt as unknown as LeaverReceipt, keys.signingKey)
}
