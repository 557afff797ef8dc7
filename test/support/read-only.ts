import { spawnSync } from 'node:child_process'

/** Why a test that asks for it is skipped. */
export const NEEDS_MOUNT = 'needs root and mount to make a read-only file system'

/** Mounts a folder over itself read-only meanwhile; null, and nothing done, where that is not allowed. */
export async function onReadOnly<Result>(
  folder: string,
  use: () => Promise<Result>,
): Promise<Result | null> {
  if (process.getuid?.() !== 0) return null
  if (spawnSync('mount', ['--bind', folder, folder]).status !== 0) return null
  try {
    if (spawnSync('mount', ['-o', 'remount,ro,bind', folder]).status !== 0) return null
    return await use()
  } finally {
    spawnSync('umount', [folder])
  }
}
