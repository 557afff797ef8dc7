import { expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { createRepository, openRepository } from '#repository/repository'
import { openMemoryTarget } from '#target/memory/memory-target'
import type { Target } from '#target/target'
import { prepareCopy } from '#workflow/copy/prepare-copy'

/** A place with what a check could not remove. */
async function checked(...more: string[]): Promise<Target> {
  const target = openMemoryTarget('checked')
  const left = ['check-0123456789ab/large', 'objects/check-0123456789ab/rows']
  for (const name of [...left, ...more]) await target.put(name, [Buffer.from('x')])
  return target
}

test('what a check has left keeps no repository from being made, and no copy', async () => {
  await expect(openRepository(await checked())).rejects.toMatchObject({
    code: 'TARGET_UNAVAILABLE',
  })
  const repository = await createRepository(await checked(), systemClock)
  expect(repository.id).toMatch(/^[0-9a-f-]{36}$/)
  await expect(createRepository(await checked('objects/aa/x'), systemClock)).rejects.toMatchObject({
    why: 'it is not empty: it holds objects/aa/x',
  })
  const source = openMemoryTarget('source')
  await createRepository(source, systemClock)
  const options = { source, label: 'far', sameDisk: true, clock: systemClock }
  const made = await prepareCopy({ ...options, destination: await checked() })
  expect(made).toMatchObject({ label: 'far', made: true })
})
