import { expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { createRepository } from '#repository/repository'
import { aloneInRepository, useRepository, usingRepository } from '#repository/repository-use'
import { openMemoryTarget } from '#target/memory/memory-target'
import { commitSnapshot, makeKeys } from '#test/snapshots'

const repository = await createRepository(openMemoryTarget(), systemClock)
const alone = () => aloneInRepository(repository, async () => 'alone')

test('many use a repository together, and none of them while it is wanted alone', async () => {
  expect(await alone()).toBe('alone')
  const leaves = await Promise.all(Array.from({ length: 10 }, () => useRepository(repository)))
  await expect(alone()).rejects.toMatchObject({ code: 'LOCKED' })
  for (const leave of leaves.slice(1)) await leave()
  await expect(alone()).rejects.toMatchObject({ code: 'LOCKED' })
  await leaves[0]?.()
  expect(await alone()).toBe('alone')
})

test('who comes while it is held alone waits, and then has it', async () => {
  const order: string[] = []
  let using: Promise<void> | undefined
  await aloneInRepository(repository, async () => {
    using = usingRepository(repository, async () => void order.push('using'))
    await new Promise(resolve => setTimeout(resolve, 100))
    order.push('alone ends')
  })
  await using
  expect(order).toEqual(['alone ends', 'using'])
})

test('a backup uses it until it is closed', async () => {
  const { options } = await makeKeys()
  const writer = await repository.startSnapshot(options)
  await expect(alone()).rejects.toMatchObject({ code: 'LOCKED' })
  await writer.close()
  await commitSnapshot(repository, options, ['1\n'])
  expect(await alone()).toBe('alone')
})
