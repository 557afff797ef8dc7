import { watch } from 'node:fs'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { generateIdentity, writeIdentity } from '#crypto/key-files'
import { runEcomdb } from '#test/cli'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { PhysicalShop } from '#test/physical-shop'
import { contentsOf } from '#test/stored-repository'

/** Nobody can make a file there, not root either. */
const NOWHERE = '/proc'
const UNWRITABLE = Object.fromEntries(
  ['TMPDIR', 'HOME', 'ECOMDB_STATE', 'XDG_STATE_HOME', 'XDG_DATA_HOME', 'XDG_CACHE_HOME'].map(
    name => [name, NOWHERE],
  ),
)

test.each(SLOW_TEST_ENGINES)(
  '%s: key check opens a snapshot of data files, and of rows, with each key, and writes nothing',
  async family => {
    const shop = await PhysicalShop.make(family)
    const touched = new Set<string>()
    const watcher = watch(shop.folder, (_, name) => touched.add(String(name)))
    try {
      const stranger = join(shop.folder, 'stranger.identity')
      await writeIdentity(stranger, await generateIdentity(), new Date())
      const check = (...args: string[]) =>
        runEcomdb(['key', 'check', ...args], { cwd: shop.folder, env: UNWRITABLE })
      const settled = async () => [
        await readdir(shop.folder),
        ...(await Promise.all(
          ['backups', 'keys', 'take-away'].map(name => contentsOf(join(shop.folder, name))),
        )),
      ]
      const later = family === 'mariadb' ? ['--incremental', 'latest'] : []
      for (const how of [['physical'], ['physical', ...later], ['logical']]) {
        const backup = await shop.ecomdb('backup', ...how, '--json')
        expect(backup.status, backup.stderr).toBe(0)
        const before = await settled()
        touched.clear()
        for (const with_ of [[], ['-i', 'take-away/escrow.identity', '--all']]) {
          const opened = await check(...with_, '--json')
          expect(opened.status, opened.stderr).toBe(0)
          const { snapshotId, identities, missing } = opened.json().result
          expect(snapshotId).toBe(backup.json().result.snapshotId)
          expect([identities, missing]).toEqual([[expect.objectContaining({ opens: true })], []])
          expect(identities[0].files).toBeGreaterThanOrEqual(2)
        }
        const refused = await check('-i', stranger)
        expect(refused.status, refused.stderr).toBe(12)
        expect(refused.stdout).toContain('the snapshot is not encrypted to it')
        expect([await settled(), [...touched]]).toEqual([before, []])
      }
      // It would have been seen.
      await writeFile(join(shop.folder, 'plain'), '')
      await expect.poll(() => [...touched]).toContain('plain')
    } finally {
      watcher.close()
      await shop.remove()
    }
  },
)
