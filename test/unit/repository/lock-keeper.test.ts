import { expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { EcomdbError } from '#core/errors'
import { LockKeeper } from '#repository/lock-keeper'
import { openMemoryTarget } from '#target/memory/memory-target'
import type { Target, TargetLock } from '#target/target'

const OBJECTS = ['objects/aa/a', 'objects/bb/b'].map(path => ({ path, bytes: 1, sha256: '' }))

/** @param mode of what is held there */
function locking(mode: TargetLock['mode']): { target: Target; held: string[] } {
  const held: string[] = []
  const lock: TargetLock = {
    ...{ mode: 'compliance', days: 30 },
    hold: async (name, until) => {
      held.push(name)
      return { until, mode }
    },
    held: async () => null,
    heldUntil: async () => null,
  }
  return { target: { ...openMemoryTarget(), lock }, held }
}

test('the envelope of a base is held after all that its snapshot needs: expire goes by it', async () => {
  const { target, held } = locking('compliance')
  await new LockKeeper(target, systemClock).holdAll(OBJECTS, ['base'])
  expect(held.slice(0, 2)).toEqual(OBJECTS.map(({ path }) => path))
  expect(held.at(-1)).toBe('snapshots/base/snapshot.json')
})

test('and not at all where no increment can be held', async () => {
  const { target, held } = locking('governance')
  const holding = new LockKeeper(target, systemClock).holdAll(OBJECTS, ['base'])
  await expect(holding).rejects.toThrow(EcomdbError)
  expect(held).not.toContain('snapshots/base/snapshot.json')
})
