import { createHash } from 'node:crypto'
import { chown, readFile, realpath, symlink } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { createRepository, openRepository } from '#repository/repository'
import { aloneInRepository, useRepository, usingRepository } from '#repository/repository-use'
import { createDirectoryTarget, openDirectoryTarget } from '#target/dir/directory-target'
import { openMemoryTarget } from '#target/memory/memory-target'
import { commitSnapshot, makeKeys } from '#test/snapshots'
import { withFolder } from '#test/temporary'

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

test('who has waited keeps no place by which it would look like an expire', async () => {
  const comes: Promise<() => Promise<void>>[] = []
  await aloneInRepository(repository, async () => {
    for (let count = 0; count < 2; count += 1) comes.push(useRepository(repository))
    await new Promise(resolve => setTimeout(resolve, 100))
  })
  // One that waited for the other's place would come in ten minutes.
  const leaves = await Promise.all(comes)
  const name = `the repository ${repository.id} in ${repository.label}, place 15`
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 40)
  const sockets = await readFile('/proc/net/unix', 'latin1')
  expect(sockets.match(new RegExp(`@ecomdb-\\d+-${digest}$`, 'gm'))).toBeNull()
  await expect(alone()).rejects.toMatchObject({ code: 'LOCKED' })
  for (const leave of leaves) await leave()
  expect(await alone()).toBe('alone')
})

/** A process of another account that uses the folder, or removes from it: a listening socket of its name. */
async function otherAccount(
  folder: string,
  id: string,
  place: number,
): Promise<() => Promise<void>> {
  const isRoot = process.getuid?.() === 0
  if (isRoot) await chown(folder, 4711, 4711)
  const name = `the repository ${id} in ${await realpath(folder)}, place ${place}`
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 40)
  const server = createServer()
  const address = `\0ecomdb-${isRoot ? 4711 : 0}-${digest}`
  await new Promise<void>(resolve => server.listen(address, () => resolve()))
  return () => new Promise(resolve => server.close(() => resolve()))
}

test('another account is not removed from under, and nobody begins while it removes', () =>
  withFolder(async folder => {
    const used = await createRepository(await createDirectoryTarget(folder), systemClock)
    const alone = () => aloneInRepository(used, async () => 'alone')
    const leaves = await otherAccount(folder, used.id, 3)
    await expect(alone()).rejects.toMatchObject({
      code: 'LOCKED',
      why: expect.stringContaining('of another account'),
    })
    await leaves()
    expect(await alone()).toBe('alone')
    const ends = await otherAccount(folder, used.id, 15)
    let isOver = false
    const using = usingRepository(used, async () => isOver)
    await new Promise(resolve => setTimeout(resolve, 100))
    isOver = true
    await ends()
    expect(await using).toBe(true)
  }))

test('a folder is one repository by each of its paths', () =>
  withFolder(async folder => {
    await createRepository(await createDirectoryTarget(join(folder, 'real')), systemClock)
    await symlink(join(folder, 'real'), join(folder, 'link'))
    const [real, link] = await Promise.all(
      ['real', 'link'].map(name => openRepository(openDirectoryTarget(join(folder, name)))),
    )
    if (!real || !link) throw new Error('not there')
    const leave = await useRepository(link)
    const removing = aloneInRepository(real, async () => {})
    await expect(removing).rejects.toMatchObject({ code: 'LOCKED' })
    await leave()
  }))

test('a backup uses it until it is closed', async () => {
  const { options } = await makeKeys()
  const writer = await repository.startSnapshot(options)
  await expect(alone()).rejects.toMatchObject({ code: 'LOCKED' })
  await writer.close()
  await commitSnapshot(repository, options, ['1\n'])
  expect(await alone()).toBe('alone')
})
