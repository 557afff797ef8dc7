import { spawnSync } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { silentProgress } from '#core/progress'
import { makeFolder } from '#test/temporary'
import { exportTrail } from '#workflow/audit/export-trail'
import type { TrailSource } from '#workflow/audit/trail-source'

// A write that finds less room than it needs takes what there is, and says so by a number only.

async function* none(): AsyncIterable<never> {}

async function* oneLarge() {
  yield { batch: 1, statement: Buffer.alloc(100_000) }
}

test('an export that the disk has no room for fails', async context => {
  const disk = await makeFolder()
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]).status !== 0) {
    return context.skip('needs root to mount a small tmpfs')
  }
  const source: TrailSource = Object.assign(Object.create(null), {
    trail: { tables: [], layouts: [] },
    ...{ readAt: '', controls: null, restored: [] },
    ...{ batches: oneLarge, events: none, leaves: async () => null, leafProof: async () => null },
  })
  try {
    const exported = exportTrail(source, join(disk, 'trail.jsonl'), silentProgress())
    await expect(exported).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
  } finally {
    spawnSync('umount', [disk])
    await rm(disk, { recursive: true })
  }
})
