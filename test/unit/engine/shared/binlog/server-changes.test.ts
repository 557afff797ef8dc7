import { expect, test } from 'vitest'
import type { Session } from '#engine/session'
import { ServerChanges } from '#engine/shared/binlog/server-changes'

const by = {} as Session

test('what was changed is put back the last first, each also where another is refused', async () => {
  const changes = new ServerChanges()
  const done: string[] = []
  for (const name of ['one', 'two', 'three']) {
    changes.note(async () => {
      done.push(name)
      if (name !== 'one') throw new Error(`${name} is refused`)
    })
  }
  await expect(changes.putBack(by)).rejects.toThrow('three is refused')
  expect(done).toEqual(['three', 'two', 'one'])
})

test('what has to stay is said', async () => {
  const changes = new ServerChanges()
  for (const stay of ['one stays', undefined, { affectedRows: 0 }]) {
    changes.note(async () => stay)
  }
  expect(await changes.putBack(by)).toEqual(['one stays'])
})
