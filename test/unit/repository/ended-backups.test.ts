import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { EcomdbError } from '#core/errors'
import { generateSigningKey } from '#crypto/key-files'
import { signStatement } from '#crypto/signed-statement'
import { createRepository, openRepository, type Repository } from '#repository/repository'
import { runningBackups } from '#repository/tombstones'
import { openMemoryTarget } from '#target/memory/memory-target'
import type { Target } from '#target/target'
import { commitSnapshot, makeKeys, type TestKeys } from '#test/snapshots'
import { withFolder } from '#test/temporary'

// While one runs nothing is removed; one that has ended without a snapshot is to hold nothing back.

const DAY_MS = 86_400_000

let target: Target
let repository: Repository
let keys: TestKeys

beforeEach(async () => {
  target = openMemoryTarget()
  repository = await createRepository(target, systemClock)
  keys = await makeKeys()
})

const running = (trustedSigners = keys.options.trustedSigners, now = new Date()) =>
  runningBackups(target, { repositoryId: repository.id, trustedSigners }, DAY_MS, now)

describe('a backup', () => {
  test('runs until it has a snapshot, or has ended without one', async () => {
    const writer = await repository.startSnapshot(keys.options)
    expect(await running()).toEqual([writer.snapshotId])
    await writer.close()
    expect(await running()).toEqual([])
    const { envelope } = await commitSnapshot(repository, keys.options, ['1\n'])
    expect(await running()).toEqual([])
    expect(await target.get(`snapshots/${envelope.snapshotId}/ended.json`)).toBeNull()
  })

  test('that died is taken for one that runs until it is too old', async () => {
    const { snapshotId } = await killed()
    expect(await running()).toEqual([snapshotId])
    expect(await running(undefined, new Date(Date.now() + DAY_MS + 60_000))).toEqual([])
  })

  test('that died is over when the next one begins on its host, whatever becomes of that', async () => {
    await withFolder(async journalFolder => {
      const { snapshotId } = await killed(journalFolder)
      const other = await repository.startSnapshot({ ...keys.options, sourceId: 'other' })
      await other.close()
      expect(await running()).toEqual([snapshotId])
      const next = await repository.startSnapshot({ ...keys.options, journalFolder })
      expect(await running()).toEqual([next.snapshotId])
      await next.close()
      expect(await running()).toEqual([])
      // What was said is said once: its name is taken.
      await commitSnapshot(repository, { ...keys.options, journalFolder }, ['1\n'])
      expect(await running()).toEqual([])
    })
  })

  test.each([
    ['a stranger', async () => generateSigningKey()],
    ['nobody', async () => null],
  ])('runs though %s says that it has ended', async (_who, keyOf) => {
    const { snapshotId } = await repository.startSnapshot(keys.options)
    const key = await keyOf()
    const ended = { format: 1, repositoryId: repository.id, snapshotId, endedAt: '', tool: '' }
    const file = key ? signStatement('end', ended, key) : Buffer.from(JSON.stringify(ended))
    await target.put(`snapshots/${snapshotId}/ended.json`, [file])
    expect(await running()).toEqual([snapshotId])
  })

  test("runs though another one's end lies beside it", async () => {
    const ended = await repository.startSnapshot({ ...keys.options, sourceId: 'other' })
    await ended.close()
    const file = await target.get(`snapshots/${ended.snapshotId}/ended.json`)
    const { snapshotId } = await repository.startSnapshot(keys.options)
    await target.put(`snapshots/${snapshotId}/ended.json`, [file as Buffer])
    expect(await running()).toEqual([snapshotId])
  })

  test('whose envelope may still appear does not say that it has ended', async () => {
    const unsure: Target = {
      ...target,
      put: async (name, body) => {
        if (!name.endsWith('/snapshot.json')) return await target.put(name, body)
        throw new EcomdbError('TARGET_UNAVAILABLE', { what: 'no answer' })
      },
    }
    const cut = commitSnapshot(await openRepository(unsure), keys.options, ['1\n'])
    await expect(cut).rejects.toMatchObject({ code: 'TARGET_UNAVAILABLE' })
    expect(await running()).toHaveLength(1)
  })

  test('that finds no room for its end fails with its own error', async () => {
    const full: Target = {
      ...target,
      put: async (name, body) => {
        if (name.endsWith('/started.json')) return await target.put(name, body)
        throw new EcomdbError('STORAGE_FAILED', { what: `no room for ${name}` })
      },
    }
    const failing = commitSnapshot(await openRepository(full), keys.options, ['1\n'])
    await expect(failing).rejects.toThrow(/no room for objects/)
    expect(await running()).toHaveLength(1)
  })

  test('whose place takes nothing more is over when the next one begins on its host', async () => {
    await withFolder(async journalFolder => {
      const options = { ...keys.options, journalFolder }
      const refusing: Target = {
        ...target,
        put: async name => {
          throw new EcomdbError('STORAGE_FAILED', { what: `no right to write ${name}` })
        },
      }
      let place = target
      const changing = new Proxy(target, { get: (_, name) => Reflect.get(place, name) })
      const writer = await (await openRepository(changing)).startSnapshot(options)
      place = refusing
      await writer.close()
      expect(await running()).toEqual([writer.snapshotId])
      await expect((await openRepository(changing)).startSnapshot(options)).rejects.toThrow(
        /no right to write/,
      )
      await commitSnapshot(repository, options, ['1\n'])
      expect(await running()).toEqual([])
    })
  })
})

/** A backup of which its host remembers that it began, and that never said more. */
async function killed(journalFolder?: string): Promise<{ snapshotId: string }> {
  const silent: Target = {
    ...target,
    put: async (name, body) => {
      if (name.endsWith('/ended.json')) throw new Error('killed')
      return await target.put(name, body)
    },
  }
  const options = { ...keys.options, ...(journalFolder ? { journalFolder } : {}) }
  const writer = await (await openRepository(silent)).startSnapshot(options)
  await writer.close()
  if (journalFolder) {
    const [name] = await readdir(journalFolder)
    const file = join(journalFolder, name as string)
    const begun = (await readFile(file, 'utf8')).split('\n').filter(line => line.includes('began'))
    await writeFile(file, `${begun.join('\n')}\n{"began":"torn`)
  }
  return { snapshotId: writer.snapshotId }
}
