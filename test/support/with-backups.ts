import { join } from 'node:path'
import { vi } from 'vitest'
import type { EngineFamily } from '#domain/engine-family'
import { BackupPlace } from './backed-up.ts'
import { withFolder } from './temporary.ts'

/** A place for backups in a folder of its own, whose state is the test's, too; removed after `use`. */
export async function withBackups(
  family: EngineFamily,
  use: (where: { folder: string; place: BackupPlace }) => Promise<void>,
): Promise<void> {
  await withFolder(async folder => {
    vi.stubEnv('ECOMDB_STATE', join(folder, 'state'))
    await use({ folder, place: await BackupPlace.make(join(folder, 'backup'), family) })
  })
}
