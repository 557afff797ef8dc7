import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { runEcomdb } from '#test/cli'
import { TEST_ENGINES } from '#test/engines'
import { withShop } from '#test/shop'
import { withFolder } from '#test/temporary'

const SIZE = ['--sessions', '300', '--pageviews', '900', '--items', '60', '--messages', '200']

test('writes the same files for the same seed, and refuses to write over them unasked', async () => {
  await withFolder(async folder => {
    const generate = async (out: string, ...more: string[]) =>
      await runEcomdb([
        'sample',
        'generate',
        '--out',
        join(folder, out),
        ...SIZE,
        ...more,
        '--json',
      ])
    const hashes = async (out: string, ...more: string[]) =>
      (await generate(out, ...more))
        .json()
        .result.files.map((file: { sha256: string }) => file.sha256)
    const first = await hashes('a')
    expect(first).toHaveLength(9)
    expect(await hashes('b')).toEqual(first)
    expect(await hashes('c', '--seed', '2')).not.toEqual(first)

    const file = join(folder, 'a', '02.website_sessions.csv')
    await writeFile(file, 'mine')
    const refused = await generate('a')
    expect([refused.status, refused.json().error?.code]).toEqual([2, 'USAGE'])
    expect(await readFile(file, 'utf8')).toBe('mine')
    expect(await hashes('a', '--overwrite')).toEqual(first)

    const below = await generate('a/02.website_sessions.csv/x')
    expect([below.status, below.json().error?.code]).toEqual([30, 'STORAGE_FAILED'])
    expect((await readdir(join(folder, 'a'))).filter(name => name.endsWith('.partial'))).toEqual([])
  })
})

describe.each(TEST_ENGINES)('%s', family => {
  test('loads into the provisioned shop as it is', async () => {
    await withShop(family, async ({ session, folder, env }) => {
      const out = join(folder, 'sample')
      await runEcomdb(['sample', 'generate', '--out', out, ...SIZE])
      const files = (await readdir(out)).sort().map(name => join(out, name))
      const result = await runEcomdb(['load', ...files, '--json'], { env, cwd: folder })
      expect([result.status, result.json().result.rejected]).toEqual([0, 0])
      // The four products are there since provisioning, and are the same.
      expect(result.json().result.present).toBe(4)
      expect(await session.value('SELECT COUNT(*) FROM website_pageviews')).toBe('900')
      expect(await session.value('SELECT SUM(items_purchased) FROM orders')).toBe('60')
      expect(result.json().result.orphans).toEqual([])
      expect(await readdir(folder)).toEqual(['sample'])
    })
  })
})
