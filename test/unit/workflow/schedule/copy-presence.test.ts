import { afterEach, expect, test, vi } from 'vitest'
import { systemClock } from '#core/clock'
import { EcomdbError } from '#core/errors'
import type { Target } from '#target/target'
import { CopyPresence } from '#workflow/schedule/copy-presence'

afterEach(() => void vi.useRealTimers())

const MARKER = { kind: 'ecomdb-copy', format: 1, copyId: 'c', repositoryId: 'r', label: 'disk' }
const fakeTime = () => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })

/** Copies of these names; how each is read, and how often it was opened. */
function withCopies(copies: Record<string, () => Promise<Buffer | null>>) {
  const opened: string[] = []
  const open = async (name: string): Promise<Target> => {
    opened.push(name)
    const get = copies[name]
    return { label: name, get } as unknown as Target
  }
  const presence = new CopyPresence(open, name => name.startsWith('bucket'), systemClock)
  return { presence, opened }
}

test('a share that never answers holds nobody, and is not asked twice', async () => {
  fakeTime()
  let answer: (file: Buffer | null) => void = () => {}
  const hanging = () => new Promise<Buffer | null>(resolve => (answer = resolve))
  const { presence, opened } = withCopies({
    nas: hanging,
    disk: async () => Buffer.from(JSON.stringify(MARKER)),
    gone: async () => null,
  })
  const [lane, other] = [presence.of('nas'), presence.of('nas')]
  expect(await presence.of('disk')).toBe('here')
  expect(await presence.of('gone')).toBe('away')
  await vi.advanceTimersByTimeAsync(30_000)
  expect(await Promise.all([lane, other])).toEqual(['silent', 'silent'])
  const later = presence.of('nas')
  await vi.advanceTimersByTimeAsync(0)
  expect(await later).toBe('silent')
  expect(opened.filter(name => name === 'nas')).toHaveLength(1)
  // It is back.
  answer(Buffer.from(JSON.stringify(MARKER)))
  await vi.advanceTimersByTimeAsync(0)
  const asked = presence.of('nas')
  await vi.advanceTimersByTimeAsync(0)
  answer(null)
  expect(await asked).toBe('away')
})

test('what is known not to answer is silent, and what cannot be read is away', async () => {
  const failing = (code: 'TARGET_SILENT' | 'STORAGE_FAILED') => async () => {
    throw new EcomdbError(code, { what: 'w' })
  }
  const { presence } = withCopies({
    nas: failing('TARGET_SILENT'),
    disk: failing('STORAGE_FAILED'),
  })
  expect(await presence.of('nas')).toBe('silent')
  expect(await presence.of('disk')).toBe('away')
})

test('a bucket is looked at each minute, and a directory each time', async () => {
  fakeTime()
  const here = async () => Buffer.from(JSON.stringify(MARKER))
  const { presence, opened } = withCopies({ bucket: here, disk: here })
  for (let second = 0; second < 180; second += 5) {
    expect(await presence.of('bucket')).toBe('here')
    expect(await presence.of('disk')).toBe('here')
    await vi.advanceTimersByTimeAsync(5_000)
  }
  expect(opened.filter(name => name === 'bucket')).toHaveLength(3)
  expect(opened.filter(name => name === 'disk')).toHaveLength(36)
})

test('a bucket that does not answer is away, as one that refuses', async () => {
  fakeTime()
  const { presence } = withCopies({ bucket: () => new Promise(() => {}) })
  const asked = presence.of('bucket')
  await vi.advanceTimersByTimeAsync(30_000)
  expect(await asked).toBe('away')
})
