import { expect, test } from 'vitest'
import { Limiter } from '#workflow/backup/limiter'

test('as much as fits is in at a time, in the order of coming', async () => {
  const limiter = new Limiter(10)
  const order: string[] = []
  const enter = async (name: string, weight: number): Promise<() => void> => {
    const leave = await limiter.enter(weight)
    order.push(name)
    return leave
  }
  const first = await enter('six', 6)
  const second = enter('five', 5)
  // It would fit, and does not pass the one that waits.
  const third = enter('one', 1)
  await Promise.resolve()
  expect(order).toEqual(['six'])
  first()
  first()
  const leaveSecond = await second
  await third
  expect(order).toEqual(['six', 'five', 'one'])
  const fourth = enter('more than all', 99)
  leaveSecond()
  ;(await third)()
  ;(await fourth)()
  ;(await enter('ten', 10))()
  expect(order).toEqual(['six', 'five', 'one', 'more than all', 'ten'])
})
