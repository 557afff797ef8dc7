import { randomBytes } from 'node:crypto'
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { silentProgress } from '#core/progress'
import { BinlogArchive } from '#repository/binlog-archive'
import { openDirectoryTarget } from '#target/dir/directory-target'
import type { Target } from '#target/target'
import { storeRepository } from '#test/stored-repository'
import { makeFolder } from '#test/temporary'
import { copyRepository } from '#workflow/copy/copy-repository'
import { prepareCopy } from '#workflow/copy/prepare-copy'

const SEGMENT_BYTES = 200_000

/** The target, with so much room as it says. */
function withFree(inner: Target, freeBytes: number): Target {
  const inspect: Target['inspect'] = async () => ({
    ...(await inner.inspect()),
    space: { freeBytes, totalBytes: 1_000_000 },
  })
  return new Proxy(inner, {
    get(target, name) {
      if (name === 'inspect') return inspect
      const member: unknown = Reflect.get(target, name)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}

test('the log that is missing in a copy counts when its room is looked at, and no longer when it is there', async () => {
  const folder = await makeFolder()
  try {
    const made = await storeRepository(folder)
    const source = openDirectoryTarget(made.path)
    const { recipients, trustedSigners } = made.keys.options
    const archive = await BinlogArchive.open(source)
    const how = { recipients, signingKey: made.keys.signingKey, clock: systemClock }
    const facts = {
      ...{ sourceId: 's', engine: 'mariadb' as const, serverVersion: '10.11.14', serverUuid: null },
      ...{ serverId: 1, stretchId: '01a2218c-5e73-73a8-8070-5be4c05d4198', sequence: 1 },
      ...{ previousSha256: null, begins: { reason: 'first' as const, after: null } },
      ...{ file: 'binlog.000001', from: 0, to: SEGMENT_BYTES, border: SEGMENT_BYTES, open: null },
      ...{ nextFile: null, transactions: 0, firstAt: null, lastAt: null, gtidsBefore: '' },
      ...{ gtidsAfter: '', knownUntil: null, tail: null },
    }
    await archive.append(facts, [randomBytes(SEGMENT_BYTES)], how)
    await mkdir(join(folder, 'disk'))
    const disk = openDirectoryTarget(join(folder, 'disk'))
    const prepared = { source, destination: disk, label: 'disk', sameDisk: true }
    await prepareCopy({ ...prepared, clock: systemClock })
    const options = {
      ...{ source, eject: null, clock: systemClock },
      place: { name: null, media: null, offsite: false, offline: false },
      keys: { recipients, identityFiles: [], trustedSigners, signingKeyFile: made.signingKey },
    }
    const copyInto = (destination: Target) =>
      copyRepository({ ...options, destination }, silentProgress())
    // Enough for the snapshots.
    await expect(copyInto(withFree(disk, SEGMENT_BYTES / 2))).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      why: expect.stringMatching(/missing in the copy, 19\d\.\d KiB of it the binary log, and/),
    })
    expect((await disk.list('snapshots/')[Symbol.asyncIterator]().next()).done).toBe(true)
    const copied = await copyInto(withFree(disk, 2 * SEGMENT_BYTES))
    expect(copied).toMatchObject({ outcome: 'passed', snapshots: 2 })
    expect((await copyInto(withFree(disk, 0))).outcome).toBe('passed')
    // What other means have brought is compared, and needs no room of its own.
    await cp(made.path, join(folder, 'brought'), { recursive: true })
    const names = await readdir(join(folder, 'brought/binlog'), { recursive: true })
    const name = names.find(one => one.endsWith('.age')) ?? ''
    const right = await readFile(join(folder, 'brought/binlog', name))
    await writeFile(join(folder, 'brought/binlog', name), Buffer.alloc(right.length))
    const brought = openDirectoryTarget(join(folder, 'brought'))
    await prepareCopy({ ...prepared, destination: brought, clock: systemClock })
    expect(await copyInto(withFree(brought, 0))).toMatchObject({ outcome: 'passed', files: 0 })
    expect(await readFile(join(folder, 'brought/binlog', name))).toEqual(right)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
