import { describe, expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { createRepository, openRepository } from '#repository/repository'
import { openMemoryTarget } from '#target/memory/memory-target'
import { commitSnapshot, makeKeys } from '#test/snapshots'

describe('a repository', () => {
  test('gives back what was committed', async () => {
    const target = openMemoryTarget()
    const { id } = await createRepository(target, systemClock)
    const repository = await openRepository(target)
    expect(repository.id).toBe(id)
    const keys = await makeKeys()
    const trusted = keys.options.trustedSigners
    const made = await commitSnapshot(repository, keys.options, ['1\n', '2\n3\n'])
    const envelope = await repository.readEnvelope('latest', trusted)
    expect(envelope).toEqual(made.envelope)
    const manifest = await repository.readManifest(envelope, [keys.escrow.identity])
    expect(manifest).toEqual(made.manifest)
    expect(envelope.objects).toHaveLength(2)
    for (const object of envelope.objects) {
      await repository.readPiece(object, [keys.operations.identity])
    }
    const again = await commitSnapshot(repository, keys.options, ['2\n3\n', '4\n'])
    expect(again.reused).toBe(1)
    expect(again.envelope.parent?.snapshotId).toBe(made.envelope.snapshotId)
  })
})
