import { EcomdbError } from '#core/errors'
import { type CopyMarker, readCopyMarker } from '#repository/copy-marker'
import type { Target } from '#target/target'

/** The system's own disk is where an unmounted disk's folder lies. */
const SYSTEM_MOUNT = '/'

/** Is a folder on a disk of its own, by the kernel's table? Where there is no table: no. */
export function isOwnDisk(mountPoint: string | null): mountPoint is string {
  return mountPoint !== null && mountPoint !== SYSTEM_MOUNT
}

/**
 * The marker of a prepared copy of this repository, on its own disk where it was prepared so.
 *
 * @throws EcomdbError TARGET_UNAVAILABLE when there is no marker (the disk is not mounted) or
 *   no disk under it; REPOSITORY_NOT_FOUND when it is a copy of another repository
 */
export async function openCopy(target: Target, repositoryId: string): Promise<CopyMarker> {
  const marker = await readCopyMarker(target)
  if (!marker) throw notPrepared(target.label)
  if (marker.repositoryId !== repositoryId) {
    throw new EcomdbError('REPOSITORY_NOT_FOUND', {
      what: `will not copy to ${target.label}`,
      why: `it is a copy of repository ${marker.repositoryId} (${marker.label}), and this is ${repositoryId}`,
      hints: ['mount the right disk, or prepare another folder: `ecomdb target prepare`'],
    })
  }
  const { mountPoint } = await target.inspect()
  if (marker.mounted && !isOwnDisk(mountPoint)) {
    throw new EcomdbError('TARGET_UNAVAILABLE', {
      what: `the disk of ${marker.label} is not mounted`,
      why: `${target.label} lies on the system's own disk, and was prepared on another one`,
      hints: ['mount the disk; take away what was put into its empty mount point'],
    })
  }
  return marker
}

function notPrepared(label: string): EcomdbError {
  return new EcomdbError('TARGET_UNAVAILABLE', {
    what: `${label} is no copy`,
    why: 'there is no ecomdb-copy.json in it: its disk is not mounted, or was never prepared',
    hints: [
      'mount the disk, then run the command again: `findmnt` shows what is mounted',
      `for a new disk: \`ecomdb target prepare ${label} --label NAME\``,
    ],
  })
}
