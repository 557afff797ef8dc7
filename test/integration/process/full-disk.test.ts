import { spawnSync } from 'node:child_process'
import { rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runProgram } from '#process/run-program'
import { makeFolder } from '#test/temporary'

// mariadb-backup --prepare writes a page again and again when the disk is full, and never ends.

test('a program that waits for room is ended, and why is told', async context => {
  const disk = await makeFolder()
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]).status !== 0) {
    return context.skip('needs root to mount a small tmpfs')
  }
  try {
    const { bfree, bsize } = await statfs(disk)
    await writeFile(join(disk, 'all'), Buffer.alloc(bfree * bsize))
    const sleep = { file: 'sleep', args: [], env: {} }
    const run = runProgram(sleep, ['60'], { diesWithUs: true, writesInto: disk })
    await expect(run).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      why: expect.stringContaining('the disk is full'),
    })
  } finally {
    spawnSync('umount', [disk])
    await rm(disk, { recursive: true })
  }
}, 40_000)
