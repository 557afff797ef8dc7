import { spawn } from 'node:child_process'
import { link, mkdir, realpath, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { processUsing } from '#process/files-in-use'
import { withFolder } from '#test/temporary'

test('whoever has a file open is seen, by whatever path it was opened', async () => {
  await withFolder(async given => {
    const folder = join(await realpath(given), 'data')
    await mkdir(join(folder, 'bank'), { recursive: true })
    const inside = join(folder, 'bank/journal.ibd')
    await writeFile(inside, 'rows')
    // As another mount of the same files: the path that the kernel tells is not below the folder.
    const outside = join(given, 'elsewhere.ibd')
    await link(inside, outside)
    await writeFile(join(given, 'data-of-others'), 'rows')
    expect(await processUsing(folder, 0)).toBeNull()
    for (const [path, isSeen] of [
      [inside, true],
      [outside, true],
      [join(given, 'data-of-others'), false],
    ] as const) {
      const holder = spawn('tail', ['-f', path], { stdio: ['ignore', 'pipe', 'ignore'] })
      const ended = new Promise(resolve => holder.once('close', resolve))
      // What it has read it has open.
      await new Promise(resolve => holder.stdout.once('data', resolve))
      expect(await processUsing(folder, 0)).toBe(isSeen ? holder.pid : null)
      holder.kill()
      await ended
      expect(await processUsing(folder, 0)).toBeNull()
    }
  })
})
