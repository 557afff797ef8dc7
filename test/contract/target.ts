import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import type { Target } from '#target/target'

/**
 * What every target must do. Run by each implementation's test, and made to run against a
 * user's own disk or bucket too: it only uses names below contract/.
 *
 * @param open gives an empty target; called for each test
 */
export function targetContract(open: () => Promise<Target>): void {
  test('gives back what was put, in one part or several, empty too', async () => {
    const target = await open()
    const big = randomBytes(3_000_000)
    await target.put('contract/one', [big])
    await target.put('contract/parts', [big.subarray(0, 7), Buffer.alloc(0), big.subarray(7)])
    await target.put('contract/empty', [])
    expect((await target.get('contract/one'))?.equals(big)).toBe(true)
    expect((await target.get('contract/parts'))?.equals(big)).toBe(true)
    expect(await target.get('contract/empty')).toHaveLength(0)
    expect(await target.stat('contract/one')).toEqual({ sizeBytes: big.length })
  })

  test('gives a range, start inclusive and end exclusive, cut at the end of the file', async () => {
    const target = await open()
    await target.put('contract/digits', [Buffer.from('0123456789')])
    const range = async (start: number, end: number): Promise<string | undefined> =>
      (await target.get('contract/digits', { range: { start, end } }))?.toString()
    expect(await range(2, 5)).toBe('234')
    expect(await range(0, 10)).toBe('0123456789')
    expect(await range(8, 99)).toBe('89')
    expect(await range(10, 12)).toBe('')
  })

  test('reads back what was put, whatever its length, and says from where', async () => {
    const target = await open()
    for (const length of [0, 1, 4095, 4096, 4097, 1_048_576, 3_000_001]) {
      const name = `contract/of-${length}`
      const bytes = randomBytes(length)
      await target.put(name, [bytes])
      const read = await target.readBack(name)
      expect(read?.bytes.equals(bytes), name).toBe(true)
      expect(['medium', 'cache']).toContain(read?.from)
    }
    const names = [0, 1, 4095, 4096, 4097].map(length => `contract/of-${length}`)
    const reads = await Promise.all(names.map(name => target.readBack(name)))
    expect(reads.map(read => read?.bytes.length)).toEqual([0, 1, 4095, 4096, 4097])
    expect(await target.readBack('contract/none')).toBeNull()
  })

  test('says null for what is not there', async () => {
    const target = await open()
    await target.put('contract/file', [Buffer.from('x')])
    for (const name of ['contract/none', 'nowhere/none', 'contract', 'contract/file/below']) {
      expect(await target.get(name)).toBeNull()
      expect(await target.stat(name)).toBeNull()
    }
  })

  test('never overwrites', async () => {
    const target = await open()
    await target.put('contract/once', [Buffer.from('first')])
    await expect(target.put('contract/once', [Buffer.from('second')])).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      why: expect.stringContaining('there already'),
    })
    expect((await target.get('contract/once'))?.toString()).toBe('first')
  })

  test('lets exactly one of many win a name', async () => {
    const target = await open()
    const bodies = Array.from({ length: 16 }, (_, i) => Buffer.alloc(100_000, i + 1))
    const outcomes = await Promise.allSettled(
      bodies.map(body => target.put('contract/race', [body])),
    )
    const winners = bodies.filter((_, i) => outcomes[i]?.status === 'fulfilled')
    expect(winners).toHaveLength(1)
    expect((await target.get('contract/race'))?.equals(winners[0] ?? Buffer.alloc(0))).toBe(true)
  })

  test('lists by prefix, in byte order, with sizes', async () => {
    const target = await open()
    const names = ['contract/a.b', 'contract/a/2', 'contract/a/1', 'contract/ab', 'contract/B', 'x']
    for (const name of names) await target.put(name, [Buffer.from(name)])
    const list = async (prefix: string): Promise<string[]> => {
      const found: string[] = []
      for await (const { name, sizeBytes } of target.list(prefix)) {
        expect(sizeBytes).toBe(name.length)
        found.push(name)
      }
      return found
    }
    expect(await list('')).toEqual([...names].sort())
    expect(await list('contract/a')).toEqual([
      'contract/a.b',
      'contract/a/1',
      'contract/a/2',
      'contract/ab',
    ])
    expect(await list('contract/a/')).toEqual(['contract/a/1', 'contract/a/2'])
    expect(await list('contract/none/')).toEqual([])
  })

  test('removes, and does not mind when there is nothing; what is locked stays', async () => {
    const target = await open()
    await target.put('contract/gone', [Buffer.from('x')])
    if (target.lock) {
      const refused = { code: 'STORAGE_FAILED', why: expect.stringContaining('denied') }
      await expect(target.remove('contract/gone')).rejects.toMatchObject(refused)
      expect((await target.get('contract/gone'))?.toString()).toBe('x')
      return
    }
    await target.remove('contract/gone')
    await target.remove('contract/gone')
    expect(await target.stat('contract/gone')).toBeNull()
    await target.put('contract/gone', [Buffer.from('y')])
  })

  test.each([
    '../outside',
    'a/../../outside',
    '/etc/passwd',
    'a//b',
    'a/',
    '.hidden',
    'a/.partial-0',
    'a\\b',
    'a b',
    'a\0b',
    'ü',
    '',
  ])('refuses the name %j everywhere', async name => {
    const target = await open()
    const refused = { code: 'STORAGE_FAILED' }
    await expect(target.put(name, [Buffer.from('x')])).rejects.toMatchObject(refused)
    await expect(target.get(name)).rejects.toMatchObject(refused)
    await expect(target.stat(name)).rejects.toMatchObject(refused)
    await expect(target.remove(name)).rejects.toMatchObject(refused)
    if (name === '' || name === 'a/') return
    await expect(target.list(name)[Symbol.asyncIterator]().next()).rejects.toMatchObject(refused)
  })
}
