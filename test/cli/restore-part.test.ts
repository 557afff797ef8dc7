import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RunningServer } from '#engine/scratch-server'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { LoggedShop, startLogged } from '#test/logged-shop'
import { makeFolder } from '#test/temporary'

describe.each(SLOW_TEST_ENGINES)('%s: a newer snapshot of some databases only', family => {
  let folder: string
  let shop: LoggedShop
  let target: RunningServer

  beforeAll(async () => {
    folder = await makeFolder()
    shop = await LoggedShop.make(family, folder)
    target = await startLogged(shop.engine, join(folder, 'target'))
    await shop.run(
      ...['CREATE DATABASE shop', 'CREATE TABLE shop.t (i INT PRIMARY KEY)'],
      ...['CREATE DATABASE chat', 'CREATE TABLE chat.m (i INT PRIMARY KEY)'],
    )
    for (const scope of [[], ['--databases', 'chat']]) {
      const backup = await shop.ecomdb(['backup', 'logical', ...scope])
      expect(backup.status, backup.stderr).toBe(0)
    }
  })

  afterAll(async () => {
    await shop?.stop()
    if (target) await shop.engine.scratchServers.remove(target.folder)
    await rm(folder, { recursive: true, force: true })
  })

  test('is not taken for the latest: all databases come back, and the part is named', async () => {
    // Nobody is to miss that for --quiet; --json has it in its document.
    const quiet = await shop.ecomdb(['restore', 'latest', '--dry-run', '--quiet'], target)
    expect(quiet.stderr).toMatch(/^warning: .* of some databases only.*\n$/)
    const json = await shop.ecomdb(['restore', 'latest', '--dry-run', '--json'], target)
    expect(json.json().warnings).toEqual([expect.stringContaining('of some databases only')])
    expect(json.stderr).toBe('')
    const restored = await shop.ecomdb(['restore', 'latest', '--confirm', 'shop'], target)
    expect(restored.status, restored.stderr).toBe(0)
    expect(restored.stderr).toContain('of some databases only')
    expect(await shop.value('SELECT COUNT(*) FROM shop.t', target)).toBe('0')
    expect(await shop.value('SELECT COUNT(*) FROM chat.m', target)).toBe('0')
  })

  test('is marked, and its drill proves nothing of all', async () => {
    const listed = await shop.ecomdb(['backup', 'list', '--json'])
    const { snapshots } = JSON.parse(listed.stdout).result as {
      snapshots: { snapshotId: string; part: boolean }[]
    }
    expect(snapshots.map(({ part }) => part)).toEqual([false, true])
    expect((await shop.ecomdb(['backup', 'list'])).stdout).toContain(' logical (part) ')
    const drill = await shop.ecomdb(['drill', snapshots[1]?.snapshotId ?? ''])
    expect(drill.status, drill.stderr).toBe(0)
    expect(drill.stdout).toContain(', of some databases only')
    const history = await shop.ecomdb(['drill', 'history'])
    expect(history).toMatchObject({ status: 3, stdout: expect.stringContaining('no drill yet') })
    expect(history.stdout).toContain(' logical (part) ')
    const status = await shop.ecomdb(['status'])
    expect(status.stdout).toMatch(/last proven restore +never/)
    const whole = await shop.ecomdb(['drill'])
    expect(whole.status, whole.stderr).toBe(0)
    expect(await shop.ecomdb(['drill', 'history'])).toMatchObject({
      ...{ status: 0, stdout: expect.stringContaining('1 of 1 drills passed') },
    })
  })
})
