import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TEST_ENGINES } from '#test/engines'
import { PhysicalShop } from '#test/physical-shop'
import { followRecipe, inShell } from '#test/recipe'

const json = (result: { status: number; stderr: string; json(): { result?: unknown } }) => {
  expect(result.status, result.stderr).toBe(0)
  // biome-ignore lint/suspicious/noExplicitAny: the result's shape is each command's own
  return result.json().result as any
}

describe.runIf(TEST_ENGINES.includes('mariadb'))('mariadb: a chain of increments', () => {
  let shop: PhysicalShop
  let full: { snapshotId: string }
  let second: { snapshotId: string; position: { file: string; offset: number } }

  beforeAll(async () => {
    shop = await PhysicalShop.make('mariadb')
    const nothing = await shop.ecomdb('backup', 'physical', '--incremental', 'latest')
    expect(nothing.status).toBe(10)
    full = json(await shop.ecomdb('backup', 'physical', '--json'))
    await shop.session.run('CREATE TABLE bank.later (id INT PRIMARY KEY) ENGINE = InnoDB')
    await shop.session.run('DROP TABLE bank.`odd name/é`')
    const increment = () =>
      shop.whileWriting(() =>
        shop.ecomdb('backup', 'physical', '--incremental', 'latest', '--json'),
      )
    const first = json(await increment())
    expect(first.base).toBe(full.snapshotId)
    await shop.session.run('INSERT INTO bank.later VALUES (1), (2), (3)')
    second = json(await increment())
    expect(second).toMatchObject({ base: first.snapshotId })
  })

  afterAll(async () => {
    await shop.remove()
  })

  test('restores to what the binary log had at the position of the last one', async () => {
    const folder = await shop.engine.scratchServers.claim(join(shop.folder, 'restored'))
    const report = json(
      await shop.ecomdb('restore', 'latest', '--data-dir', join(folder, 'data'), '--json'),
    )
    expect(report.chain).toHaveLength(3)
    const journaled = String(await shop.journaledAt({ ...second.position } as never))
    await shop.onRestored('restored', async session => {
      expect(await session.value('SELECT COUNT(*) FROM bank.journal')).toBe(journaled)
      expect(await session.value('SELECT MAX(id) FROM bank.journal')).toBe(journaled)
      expect(await session.value('SELECT sum FROM bank.total')).toBe('2000')
      expect(await session.value('SELECT COUNT(*) FROM bank.later')).toBe('3')
      expect((await session.rows('SHOW TABLES FROM bank')).length).toBe(4)
    })
  })

  test('RESTORE.md brings the chain back without ecomdb', async () => {
    const folder = await shop.engine.scratchServers.claim(join(shop.folder, 'by-hand'))
    const repository = join(shop.folder, 'backups')
    const backup = shop.engine.installation().program('mariadb-backup')
    const run = { home: shop.folder, IDENTITY: 'keys/operations.identity', WORK: 'work' }
    const program = { MARIADB_BACKUP: inShell(backup), DATA: join(folder, 'data') }
    const followed = await followRecipe(repository, 'physical', { ...run, ...program })
    expect(followed.status, followed.stderr).toBe(0)
    expect(followed.stdout).toContain(`on top of ${full.snapshotId}`)
    const journaled = String(await shop.journaledAt({ ...second.position } as never))
    await shop.onRestored('by-hand', async session => {
      expect(await session.value('SELECT COUNT(*) FROM bank.journal')).toBe(journaled)
      expect(await session.value('SELECT COUNT(*) FROM bank.later')).toBe('3')
      expect((await session.rows('SHOW TABLES FROM bank')).length).toBe(4)
    })
  })

  test('a drill restores the chain; verify looks at all of it', async () => {
    const { checks } = json(await shop.ecomdb('drill', '--json'))
    expect(checks[0].summary).toMatch(/^envelopes of a chain of 3 snapshots/)
    json(await shop.ecomdb('backup', 'verify', '--deep', '--json'))
    const listed = (await shop.ecomdb('backup', 'list')).stdout
    expect(listed.match(/ (physical|incremental) /g)).toHaveLength(3)
  })

  test('without its base it is found to be worth nothing', async () => {
    await rm(join(shop.folder, 'backups/snapshots', full.snapshotId, 'snapshot.json'))
    const verified = await shop.ecomdb('backup', 'verify')
    expect(verified.status).toBe(13)
    expect(verified.stdout).toContain(`snapshots/${full.snapshotId}/snapshot.json: this snapshot`)
    const restored = await shop.ecomdb('restore', 'latest', '--data-dir', 'lost')
    expect(restored.status).toBe(10)
    expect(restored.stderr).toContain(full.snapshotId)
  })
})
